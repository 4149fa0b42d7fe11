import { createHash } from "node:crypto";
import {
  type BlockHeader,
  blockHash,
  emptyTrieRoot,
  emptyUnclesHash,
  encodeHeader,
  zeroNonce,
} from "@koinon/ethereum/block-header";
import { encodeRlp } from "@koinon/ethereum/rlp";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { checkpointSlots } from "@koinon/solidity/registry-storage";
import type { Checkpoint } from "@koinon/tlog/checkpoint";
import { MemoryTrie } from "@koinon/trie/memory-trie";
import type { BundleAnchor } from "../src/bundle-anchor.ts";
import type { TrustedChain } from "../src/trust.ts";

/** What the registry holds for a checkpoint, where it is not what was asked for. */
export interface AnchoredChainOptions {
  /** Blocks from the one that is proved to the one that is trusted. */
  readonly blocks: number;
  readonly registry: Address;
  /** Checkpoints of other sizes that are anchored too. */
  readonly others: readonly bigint[];
  /** False for a registry that does not hold this checkpoint. */
  readonly isAnchored: boolean;
}

const plainOptions: AnchoredChainOptions = {
  blocks: 1,
  registry: `0x${"c0".repeat(20)}`,
  others: [1n, 2n, 3n, 4n, 5n],
  isAnchored: true,
};
const submitter = 0xabcd_efn;
const epoch = 20_000n;

/** A chain on which a registry holds this checkpoint, and the proof of it. */
export function anchorOn(
  { origin, size, root }: Pick<Checkpoint, "origin" | "size" | "root">,
  change: Partial<AnchoredChainOptions> = {},
): { readonly anchor: BundleAnchor; readonly chain: TrustedChain } {
  const { blocks, registry, others, isAnchored } = { ...plainOptions, ...change };
  const storage = new MemoryTrie();
  const word = (value: bigint) => encodeRlp(value);
  const record = (at: bigint, value: Hex): [Uint8Array, Uint8Array][] => {
    const slots = checkpointSlots(origin, at);
    return [
      [keyOf(slots.root), word(BigInt(value))],
      [keyOf(slots.submission), word((epoch << 160n) | submitter)],
    ];
  };
  storage.update([
    ...others.filter((other) => other !== size).flatMap((other) => record(other, hashOf(`root ${other}`))),
    ...(isAnchored ? record(size, bytesToHex(root)) : []),
  ]);
  const accounts = new MemoryTrie();
  const account = encodeRlp([1n, 0n, bytesToHex(storage.root), hashOf("code")]);
  const strangers = Array.from({ length: 20 }, (_, index): [Uint8Array, Uint8Array] => [
    createHash("sha256").update(`account ${index}`).digest(),
    encodeRlp([0n, BigInt(index + 1), emptyTrieRoot, hashOf("no code")]),
  ]);
  accounts.update([...strangers, [keyOf(registry), account]]);
  const slots = checkpointSlots(origin, size);
  const nodes = (trie: MemoryTrie, key: Hex): Hex[] => trie.prove(keyOf(key)).map(bytesToHex);
  const { headers, last } = headersFrom(bytesToHex(accounts.root), blocks);
  return {
    anchor: {
      headers,
      account: nodes(accounts, registry),
      root: nodes(storage, slots.root),
      submission: nodes(storage, slots.submission),
    },
    chain: { chainId: 31_338n, registry, blocks: [hashOf("an earlier block"), last] },
  };
}

/** Headers child by child, the first with this state. */
function headersFrom(stateRoot: Hex, count: number): { readonly headers: readonly Hex[]; readonly last: Hex } {
  const headers: Hex[] = [];
  let last = hashOf("parent");
  for (let index = 0; index < count; index++) {
    const header = headerOf(last, index === 0 ? stateRoot : hashOf(`state ${index}`), 7n + BigInt(index));
    headers.push(bytesToHex(encodeHeader(header)));
    last = blockHash(header);
  }
  return { headers, last };
}

function headerOf(parentHash: Hex, stateRoot: Hex, number: bigint): BlockHeader {
  return {
    ...{ parentHash, stateRoot, number, unclesHash: emptyUnclesHash, transactionsRoot: emptyTrieRoot },
    ...{ receiptsRoot: emptyTrieRoot, withdrawalsRoot: emptyTrieRoot, logsBloom: new Uint8Array(256) },
    ...{ beneficiary: `0x${"11".repeat(20)}`, difficulty: 0n, gasLimit: 30_000_000n, gasUsed: 0n },
    ...{ timestamp: 1_700_000_000n + number, extraData: new Uint8Array(0), prevRandao: hashOf("randao") },
    ...{ nonce: zeroNonce, baseFeePerGas: 7n, blobGasUsed: 0n, excessBlobGas: 0n },
    ...{ parentBeaconBlockRoot: hashOf("beacon"), requestsHash: hashOf("requests") },
  };
}

function keyOf(key: Hex): Uint8Array {
  return keccak256(hexToBytes(key));
}

function hashOf(label: string): Hex {
  return bytesToHex(createHash("sha256").update(label).digest());
}
