import type { InstanceStore } from "./instance-store.ts";

/** Leases in memory, for tests. */
export class MemoryInstanceStore implements InstanceStore {
  readonly #leases = new Map<string, number>();

  async renew(instance: string, leaseUntil: number): Promise<void> {
    this.#leases.set(instance, leaseUntil);
  }

  async lapsed(now: number): Promise<string[]> {
    return [...this.#leases].filter(([, until]) => until <= now).map(([instance]) => instance);
  }

  async forget(instance: string): Promise<void> {
    this.#leases.delete(instance);
  }
}
