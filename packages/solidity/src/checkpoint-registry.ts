import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { concatHex, originId, replyWords, selectorOf, textWords, uint64Word, wordOf } from "./abi-words.ts";
import { RegistryError } from "./fault.ts";
import { type AnchoredCheckpoint, addressOf } from "./registry-storage.ts";

/** Executes a call on the chain, as eth_call does, and gives what it returns; it throws when the call fails. */
export type ContractCall = (request: { to: Address; data: Hex }, signal?: AbortSignal) => Promise<Hex>;

const selectors = {
  register: selectorOf("register(string)"),
  transfer: selectorOf("transfer(bytes32,address)"),
  setSubmitter: selectorOf("setSubmitter(bytes32,address,bool)"),
  anchor: selectorOf("anchor(bytes32,uint64,bytes32,uint64)"),
  latest: selectorOf("latest(bytes32)"),
  atSize: selectorOf("atSize(bytes32,uint64)"),
  ownerOf: selectorOf("ownerOf(bytes32)"),
} as const;

/** Call data of the transactions that change a registry. Those about an origin throw RegistryError `ORIGIN_EMPTY`. */
export const registryTransactions = {
  /** Makes the sender the owner of an origin that nobody owns. */
  register(origin: string): Hex {
    originId(origin);
    return concatHex([selectors.register, wordOf(32n), textWords(origin)]);
  },
  /** Hands the sender's origin to another owner. */
  transfer: (origin: string, to: Address): Hex => concatHex([selectors.transfer, originId(origin), wordOf(BigInt(to))]),
  /** Lets an account anchor checkpoints of the sender's origin, or no longer. */
  setSubmitter: (origin: string, submitter: Address, authorised: boolean): Hex =>
    concatHex([selectors.setSubmitter, originId(origin), wordOf(BigInt(submitter)), wordOf(authorised ? 1n : 0n)]),
  /** Anchors a checkpoint; throws RegistryError `NUMBER_OUT_OF_RANGE` for a size or epoch beyond 64 bits. */
  anchor: (origin: string, { size, root, epoch }: Omit<AnchoredCheckpoint, "submitter">): Hex =>
    concatHex([
      ...[selectors.anchor, originId(origin), uint64Word("size", size), wordOf(BigInt(root))],
      uint64Word("epoch", epoch),
    ]),
} as const;

/**
 * Reads a checkpoint registry. Its methods throw what the call throws, and RegistryError `REPLY_MALFORMED` when the reply is
 * not a registry's.
 */
export class CheckpointRegistry {
  readonly address: Address;
  readonly #call: ContractCall;

  constructor({ address }: { address: Address }, { call }: { call: ContractCall }) {
    this.address = address;
    this.#call = call;
  }

  /** The checkpoint of the greatest size; undefined when there is none. */
  async latest(origin: string, signal?: AbortSignal): Promise<AnchoredCheckpoint | undefined> {
    const [size, ...rest] = await this.#words([selectors.latest, originId(origin)], 4, signal);
    return checkpointOf(size as bigint, rest);
  }

  /** The checkpoint of a size; undefined when that size was never anchored. */
  async at(origin: string, size: bigint, signal?: AbortSignal): Promise<AnchoredCheckpoint | undefined> {
    const data = [selectors.atSize, originId(origin), uint64Word("size", size)];
    return checkpointOf(size, await this.#words(data, 3, signal));
  }

  /** The owner of an origin; undefined when nobody has registered it. */
  async owner(origin: string, signal?: AbortSignal): Promise<Address | undefined> {
    const [owner] = await this.#words([selectors.ownerOf, originId(origin)], 1, signal);
    return owner === 0n ? undefined : checkedAddress(owner as bigint, 1);
  }

  async #words(data: readonly Hex[], count: number, signal: AbortSignal | undefined): Promise<readonly bigint[]> {
    return replyWords(await this.#call({ to: this.address, data: concatHex(data) }, signal), count);
  }
}

/** From the words root, epoch, submitter. */
function checkpointOf(size: bigint, words: readonly bigint[]): AnchoredCheckpoint | undefined {
  const [root, epoch, submitter] = words as [bigint, bigint, bigint];
  if (submitter === 0n) return undefined;
  if (size >= 2n ** 64n || epoch >= 2n ** 64n) throw malformed(words.length);
  return { size, root: wordOf(root), epoch, submitter: checkedAddress(submitter, words.length) };
}

function checkedAddress(word: bigint, words: number): Address {
  if (word >= 2n ** 160n) throw malformed(words);
  return addressOf(word);
}

function malformed(words: number): RegistryError {
  return new RegistryError({ code: "REPLY_MALFORMED", lengthBytes: 32 * words });
}
