import { emptyCodeHash, isEmptyAccount } from "@koinon/ethereum/account";
import { emptyTrieRoot } from "@koinon/ethereum/block-header";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { BlockRef, ChainReader, ChainView } from "../../chain-view.ts";
import { readBlockReference } from "../codec/block-reference.ts";
import { readAddress, readSlot, wordHex } from "../codec/bytes.ts";
import { ObjectReader, readList } from "../codec/object.ts";
import { type Decode, optional, required } from "../codec/parameter.ts";
import { quantity } from "../codec/quantity.ts";
import { malformed } from "../codec/value-error.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";
import { requiredHeader } from "../required-block.ts";

/** eth_* about accounts after a block. */
export function createAccountMethods({ reader, mempool }: ChainView, limits: JsonRpcLimits): Methods {
  const address = required(readAddress);
  const block = optional(readBlockReference, "latest" as const);
  const stateAt = (ref: BlockRef) => reader.stateAt(requiredHeader(reader, ref).hash);
  return {
    // Keys are the wallet's; this node holds none.
    eth_accounts: method([], () => []),
    eth_getBalance: method([address, block], ([account, ref]) =>
      quantity(stateAt(ref).account(account)?.balance ?? 0n),
    ),
    eth_getTransactionCount: method([address, block], ([account, ref]) =>
      quantity(ref === "pending" ? mempool.nextNonce(account) : (stateAt(ref).account(account)?.nonce ?? 0n)),
    ),
    eth_getCode: method([address, block], ([account, ref]) => {
      const state = stateAt(ref);
      const hash = state.account(account)?.codeHash ?? emptyCodeHash;
      return hash === emptyCodeHash ? "0x" : bytesToHex(state.code(hash));
    }),
    eth_getStorageAt: method([address, required(readSlot), block], ([account, slot, ref]) =>
      wordHex(stateAt(ref).storage(account, slot)),
    ),
    eth_getStorageValues: method([required(readSlotsByAccount(limits.proofSlotsMax)), block], ([requests, ref]) => {
      const state = stateAt(ref);
      const values = requests.map(([account, slots]) => [
        account,
        slots.map((slot) => wordHex(state.storage(account, slot))),
      ]);
      return Object.fromEntries(values);
    }),
    eth_getProof: method(
      [address, required(readList(readProofKey, limits.proofSlotsMax)), block],
      ([account, keys, ref]) => proofToJson(reader, account, keys, ref),
    ),
  };
}

/** Slots by account, at most so many together. */
function readSlotsByAccount(slotsMax: number): Decode<(readonly [Address, readonly bigint[]])[]> {
  return (value) => {
    const requests = new ObjectReader(value, "storage request")
      .entries()
      .map(([account, slots]) => [readAddress(account), readList(readSlot, slotsMax)(slots)] as const);
    const count = requests.reduce((sum, [, slots]) => sum + slots.length, 0);
    if (count > slotsMax) throw malformed(`more than ${slotsMax} slots`);
    return requests;
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

/** EIP-1186. */
function proofToJson(reader: ChainReader, address: Address, keys: readonly ProofKey[], ref: BlockRef): unknown {
  const { hash } = requiredHeader(reader, ref);
  const proof = reader.proof(
    address,
    keys.map(({ slot }) => slot),
    hash,
  );
  // What is not there has no hashes either; geth says zero where EIP-1186 says nothing.
  const isThere = !isEmptyAccount(proof) || proof.storageHash !== emptyTrieRoot;
  return {
    address,
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
