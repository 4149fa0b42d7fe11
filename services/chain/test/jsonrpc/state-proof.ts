import { RlpReader } from "@koinon/ethereum/rlp-reader";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { verifyProof } from "@koinon/trie/proof";

/** What a proof shows under the hash of a key; undefined for nothing. Throws when it shows neither. */
export function stateProofValue(root: Hex, key: Hex, nodes: readonly Hex[]): Hex | undefined {
  const verdict = verifyProof(hexToBytes(root), keccak256(hexToBytes(key)), nodes.map(hexToBytes));
  if (!verdict.valid) throw new Error("the proof does not hold");
  return verdict.value === undefined ? undefined : bytesToHex(verdict.value);
}

/** An account's leaf. */
export function accountFields(leaf: Hex | undefined): {
  nonce: bigint;
  balance: bigint;
  storageHash: Hex;
  codeHash: Hex;
} {
  const fields = new RlpReader(hexToBytes(leaf ?? "0x")).list();
  return {
    nonce: fields.integer(8),
    balance: fields.integer(32),
    storageHash: fields.hex(32),
    codeHash: fields.hex(32),
  };
}
