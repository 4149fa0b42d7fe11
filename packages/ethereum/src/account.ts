import type { Hex } from "@koinon/secp256k1/hex";

/** An account as the flat state holds it; the storage root belongs to the trie alone. */
export interface Account {
  readonly nonce: bigint;
  /** Wei. */
  readonly balance: bigint;
  /** Keccak-256 of the code, `emptyCodeHash` for none (EIP-161 calls an account with no code, nonce or balance empty). */
  readonly codeHash: Hex;
}

/** Keccak-256 of no bytes: the code hash of an account without code. */
export const emptyCodeHash: Hex = "0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470";

/** True for an account that EIP-161 forbids to exist in the state. */
export function isEmptyAccount(account: Account): boolean {
  return account.nonce === 0n && account.balance === 0n && account.codeHash === emptyCodeHash;
}
