/** The processes of the market that are alive, as leases that each renews. Times are ms since the epoch. */
export interface InstanceStore {
  /** Says that this process lives until then. */
  renew(instance: string, leaseUntil: number): Promise<void>;
  /** Processes whose lease has run out. */
  lapsed(now: number): Promise<string[]>;
  /** Forgets a process: it has stopped, or what it left behind is taken care of. */
  forget(instance: string): Promise<void>;
}
