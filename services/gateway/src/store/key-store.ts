import type { KeyRecord } from "../keys/key-record.ts";

/** Where a page of keys starts: after this key, in order of creation, newest first. */
export interface KeyPosition {
  readonly createdAtMs: number;
  readonly id: string;
}

/** The keys of a deployment. */
export interface KeyStore {
  /** Adds a key unless its id or its creation (creator and name) is there; answers the key that is stored. */
  insert(record: KeyRecord, signal?: AbortSignal): Promise<KeyRecord>;
  find(id: string, signal?: AbortSignal): Promise<KeyRecord | undefined>;
  /** Marks the account as opened. A key that was revoked meanwhile stays revoked. */
  activate(id: string, signal?: AbortSignal): Promise<void>;
  /** Revokes a key; the time of the first revocation stays. Undefined when there is no such key. */
  revoke(id: string, atMs: number, signal?: AbortSignal): Promise<KeyRecord | undefined>;
  /** Keys newest first, at most `limit`. */
  list(limit: number, after: KeyPosition | undefined, signal?: AbortSignal): Promise<readonly KeyRecord[]>;
  /** Keys not revoked that wait for their account since before `createdBeforeMs`, oldest first, at most `limit`. */
  listOpening(limit: number, createdBeforeMs: number, signal?: AbortSignal): Promise<readonly KeyRecord[]>;
}
