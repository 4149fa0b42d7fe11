import { setImmediate as nextTurn } from "node:timers/promises";
import { isEmptyAccount } from "@koinon/ethereum/account";
import { emptyTrieRoot } from "@koinon/ethereum/block-header";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { AccountProof } from "@koinon/state/account-proof";
import type { ChainReader } from "../../chain-view.ts";
import { proveInSlices } from "../../view/sliced-proof.ts";
import { readBlockReference } from "../codec/block-reference.ts";
import { readAddress, readSlot, wordHex } from "../codec/bytes.ts";
import { readList } from "../codec/object.ts";
import { type Decode, optional, required } from "../codec/parameter.ts";
import { quantity } from "../codec/quantity.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";
import { requiredHeader } from "../required-block.ts";

/** What eth_getProof is asked: account, slots, block. */
export const proofParameters = ({ proofSlotsMax }: Pick<JsonRpcLimits, "proofSlotsMax">) =>
  [
    required(readAddress),
    required(readList(readProofKey, proofSlotsMax)),
    optional(readBlockReference, "latest" as const),
  ] as const;

/** eth_getProof (EIP-1186). */
export function createProofMethods(reader: ChainReader, limits: Pick<JsonRpcLimits, "proofSlotsMax">): Methods {
  return {
    eth_getProof: method(proofParameters(limits), async ([address, keys, ref], { signal }) => {
      const { hash } = requiredHeader(reader, ref);
      const slots = keys.map(({ slot }) => slot);
      const proof = await proveInSlices(reader, { address, slots, at: hash }, { pause: () => nextTurn(), signal });
      return proofToJson(proof, keys);
    }),
  };
}

interface ProofKey {
  readonly slot: bigint;
  /** As the caller wrote it: geth answers 32 bytes with 32 bytes and anything shorter with a quantity. */
  readonly shown: Hex;
}

const readProofKey: Decode<ProofKey> = (value) => {
  const slot = readSlot(value);
  const isWord = typeof value === "string" && value.replace(/^0x/i, "").length === 64;
  return { slot, shown: isWord ? wordHex(slot) : quantity(slot) };
};

const noHash = wordHex(0n);

function proofToJson(proof: AccountProof, keys: readonly ProofKey[]): unknown {
  // What is not there has no hashes either; geth says zero where EIP-1186 says nothing.
  const isThere = !isEmptyAccount(proof) || proof.storageHash !== emptyTrieRoot;
  return {
    address: proof.address,
    accountProof: proof.accountProof.map(bytesToHex),
    balance: quantity(proof.balance),
    codeHash: isThere ? proof.codeHash : noHash,
    nonce: quantity(proof.nonce),
    storageHash: isThere ? proof.storageHash : noHash,
    storageProof: proof.storageProof.map(({ value, proof: nodes }, index) => ({
      key: keys[index]?.shown,
      value: quantity(value),
      proof: nodes.map(bytesToHex),
    })),
  };
}
