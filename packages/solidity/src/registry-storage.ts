import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { hashOf, originId, uint64Word, wordOf } from "./abi-words.ts";
import { RegistryError } from "./fault.ts";
import { checkpointRegistrySlots as slots } from "./gen/checkpoint-registry.ts";

/** A checkpoint as the registry holds it. */
export interface AnchoredCheckpoint {
  /** Number of the log's entries. */
  readonly size: bigint;
  /** RFC 9162 hash of the tree, 32 bytes. */
  readonly root: Hex;
  readonly epoch: bigint;
  readonly submitter: Address;
}

/** An origin as the registry holds it. */
export interface AnchoredLog {
  readonly owner: Address;
  /** Size of the latest checkpoint, 0n before the first. */
  readonly size: bigint;
}

/** Slots that hold a checkpoint, as 32-byte keys for eth_getProof. */
export interface CheckpointSlots {
  readonly root: Hex;
  /** Submitter and epoch. */
  readonly submission: Hex;
}

const addressBits = 160n;
const addressMask = (1n << addressBits) - 1n;
const uint64Max = 2n ** 64n - 1n;

/**
 * The slots of the checkpoint of an origin at a size, so that a storage proof of them shows what is anchored, or that nothing
 * is, to somebody who trusts a state root alone. Solidity documentation, "Layout of State Variables in Storage": a mapping's
 * value lies at the hash of key and slot, a struct's members in consecutive slots.
 */
export function checkpointSlots(origin: string, size: bigint): CheckpointSlots {
  const bySize = hashOf(originId(origin), wordOf(slots.checkpoints));
  const root = hashOf(uint64Word("size", size), bySize);
  return { root, submission: nextSlot(root) };
}

/** The slot of an origin's owner and latest size. */
export function logSlot(origin: string): Hex {
  return hashOf(originId(origin), wordOf(slots.logs));
}

/** The slot that is 1 when the owner of an origin has authorised an account. */
export function submitterSlot(origin: string, account: Address): Hex {
  return hashOf(wordOf(BigInt(account)), hashOf(originId(origin), wordOf(slots.submitters)));
}

/**
 * Reads the words in the slots of a checkpoint; undefined when nothing is anchored. Throws RegistryError
 * `STORAGE_MALFORMED` for words that the registry does not write.
 */
export function readCheckpoint(size: bigint, root: bigint, submission: bigint): AnchoredCheckpoint | undefined {
  if (root === 0n && submission === 0n) return undefined;
  const epoch = submission >> addressBits;
  const submitter = submission & addressMask;
  if (submitter === 0n || epoch > uint64Max) throw new RegistryError({ code: "STORAGE_MALFORMED", slot: "submission" });
  return { size, root: wordOf(root), epoch, submitter: addressOf(submitter) };
}

/** Reads the word in the slot of an origin; undefined when nobody has registered it. Throws like `readCheckpoint`. */
export function readLog(word: bigint): AnchoredLog | undefined {
  if (word === 0n) return undefined;
  const size = word >> addressBits;
  const owner = word & addressMask;
  if (owner === 0n || size > uint64Max) throw new RegistryError({ code: "STORAGE_MALFORMED", slot: "log" });
  return { owner: addressOf(owner), size };
}

/** The address in the low 160 bits of a word. */
export function addressOf(word: bigint): Address {
  return `0x${word.toString(16).padStart(40, "0")}`;
}

function nextSlot(slot: Hex): Hex {
  return wordOf(BigInt.asUintN(256, BigInt(slot) + 1n));
}
