import { keccakHex } from "@koinon/ethereum/hash";
import type { Log } from "@koinon/ethereum/log";
import { encodeRlp } from "@koinon/ethereum/rlp";
import type { Hex } from "@koinon/secp256k1/hex";

/** Keccak-256 of the RLP of logs, as state tests have it. */
export function logsHash(logs: readonly Log[]): Hex {
  return keccakHex(encodeRlp(logs.map(({ address, topics, data }) => [address, topics, data])));
}
