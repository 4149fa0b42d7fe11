import type { KeyRecord } from "../keys/key-record.ts";
import type { KeyPosition, KeyStore } from "./key-store.ts";

/** Keys in the memory of one process, for tests and throw-away networks. */
export class MemoryKeyStore implements KeyStore {
  readonly #keys = new Map<string, KeyRecord>();

  async insert(record: KeyRecord): Promise<KeyRecord> {
    const present = this.#keys.get(record.id) ?? this.#createdAs(record.creator, record.creation);
    if (present !== undefined) return present;
    this.#keys.set(record.id, record);
    return record;
  }

  async find(id: string): Promise<KeyRecord | undefined> {
    return this.#keys.get(id);
  }

  async activate(id: string): Promise<void> {
    const key = this.#keys.get(id);
    if (key !== undefined) this.#keys.set(id, { ...key, state: "active" });
  }

  async revoke(id: string, atMs: number): Promise<KeyRecord | undefined> {
    const key = this.#keys.get(id);
    if (key === undefined) return undefined;
    const revoked = { ...key, revokedAtMs: key.revokedAtMs ?? atMs };
    this.#keys.set(id, revoked);
    return revoked;
  }

  async list(limit: number, after: KeyPosition | undefined): Promise<readonly KeyRecord[]> {
    const newestFirst = [...this.#keys.values()].sort((a, b) => -byCreation(a, b));
    const rest = after === undefined ? newestFirst : newestFirst.filter((key) => byCreation(key, after) < 0);
    return rest.slice(0, limit);
  }

  async listOpening(limit: number, createdBeforeMs: number): Promise<readonly KeyRecord[]> {
    return [...this.#keys.values()]
      .filter((key) => key.state === "opening" && key.revokedAtMs === null && key.createdAtMs < createdBeforeMs)
      .sort(byCreation)
      .slice(0, limit);
  }

  #createdAs(creator: string, creation: string | null): KeyRecord | undefined {
    if (creation === null) return undefined;
    return this.#keys.values().find((key) => key.creator === creator && key.creation === creation);
  }
}

function byCreation(a: KeyPosition, b: KeyPosition): number {
  return a.createdAtMs - b.createdAtMs || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
}
