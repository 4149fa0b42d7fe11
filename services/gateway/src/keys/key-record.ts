import type { Address } from "@koinon/secp256k1/address";

/** What a key may be used for. */
export const scopes = ["inference", "receipts", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** What is kept of an API key. Its text is not. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  /** SHA-256 of the key's text. */
  readonly hash: Uint8Array;
  readonly scopes: readonly Scope[];
  /** The address that receipts name as consumer. */
  readonly consumer: Address;
  /** `opening` until the market has opened the account that pays. */
  readonly state: "opening" | "active";
  /** Micro-credits that the account is opened with. */
  readonly budget: bigint;
  readonly requestsPerMinute: number | null;
  /** The key that created this one, or `host`. */
  readonly creator: string;
  /** The creator's name for the creation, which makes it repeatable; null when it gave none. */
  readonly creation: string | null;
  /** SHA-256 of what was asked for, to tell a repeated creation from a different one of the same name. */
  readonly creationDigest: Uint8Array;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
}

/** The account in the market that pays for a key's requests. */
export function accountIdOf(keyId: string): string {
  return `key_${keyId}`;
}
