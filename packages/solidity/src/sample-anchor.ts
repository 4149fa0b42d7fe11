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
import { MemoryTrie } from "@koinon/trie/memory-trie";
import { checkpointSlots } from "./registry-storage.ts";

/** What the registry holds for a checkpoint, where it is not what was asked for. */
export interface SampleAnchorOptions {
  /** Blocks from the one that is proved to the one that is trusted. */
  readonly blocks: number;
  readonly registry: Address;
  /** Checkpoints of other sizes that are anchored too. */
  readonly others: readonly bigint[];
  /** False for a registry that does not hold this checkpoint. */
  readonly isAnchored: boolean;
}

const plainOptions: SampleAnchorOptions = {
  blocks: 1,
  registry: `0x${"c0".repeat(20)}`,
  others: [1n, 2n, 3n, 4n, 5n],
  isAnchored: true,
};
const submitter = 0xabcd_efn;
const epoch = 20_000n;

/** A proof as a proof bundle carries it, and what a reader has to trust for it. */
export interface SampleAnchor {
  readonly anchor: {
    /** RLP of block headers, child by child. */
    readonly headers: readonly Hex[];
    readonly account: readonly Hex[];
    readonly root: readonly Hex[];
    readonly submission: readonly Hex[];
  };
  /** The last of the blocks is that of the last header. */
  readonly chain: { readonly chainId: bigint; readonly registry: Address; readonly blocks: readonly Hex[] };
}

/** A made-up chain on which a registry holds this checkpoint, with the proof of it. For tests. */
export function sampleAnchor(
  { origin, size, root }: { readonly origin: string; readonly size: bigint; readonly root: Uint8Array },
  change: Partial<SampleAnchorOptions> = {},
): SampleAnchor {
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
    hexToBytes(hashOf(`account ${index}`)),
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
  return bytesToHex(keccak256(new TextEncoder().encode(label)));
}
