/** A running network as an outsider sees it, however its processes are cut. */
export interface Network {
  readonly url: string;
  /** A key with a budget, scopes inference and receipts. */
  readonly apiKey: string;
  /** The administrator's key. */
  readonly adminKey: string;
  /** Trust anchors that an auditor pinned. */
  readonly trustFile: string;
  /** Names of processes that can be killed by themselves. */
  readonly killable: readonly string[];
  /** kill -9 of one process; resolves when it is gone. */
  kill(name: string): Promise<void>;
  /** Resolves when every killed process runs again and the gateway says it is ready; starts what nobody supervises. */
  recover(): Promise<void>;
  stop(): Promise<void>;
}
