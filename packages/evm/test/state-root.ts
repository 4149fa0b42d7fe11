import { keccakHex } from "@koinon/ethereum/hash";
import type { Log } from "@koinon/ethereum/log";
import { encodeRlp } from "@koinon/ethereum/rlp";
import { wordToBytes } from "@koinon/ethereum/word";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { MemoryTrie } from "@koinon/trie/memory-trie";
import type { MemoryState } from "./memory-state.ts";

/** The Merkle-Patricia root of a state. */
export function stateRoot(state: MemoryState): Hex {
  const entries = [...state.accounts].map(([address, { nonce, balance, codeHash }]) => {
    const slots = [...(state.slots.get(address) ?? [])].filter(([, value]) => value !== 0n);
    const words = slots.map(([slot, value]) => [keccak256(wordToBytes(slot)), encodeRlp(value)] as const);
    const storageRoot = new MemoryTrie().update(words);
    return [keccak256(hexToBytes(address)), encodeRlp([nonce, balance, storageRoot, codeHash])] as const;
  });
  return bytesToHex(new MemoryTrie().update(entries));
}

/** Keccak-256 of the RLP of logs, as state tests have it. */
export function logsHash(logs: readonly Log[]): Hex {
  return keccakHex(encodeRlp(logs.map(({ address, topics, data }) => [address, topics, data])));
}
