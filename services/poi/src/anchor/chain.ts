import { encodeHeader } from "@koinon/ethereum/block-header";
import { keccakHex } from "@koinon/ethereum/hash";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { type StorageProof, storageProofFromReply } from "@koinon/solidity/storage-proof";
import { z } from "zod";
import { AnchorError } from "./anchor-error.ts";
import { data, headerSchema, proofSchema, quantity, receiptSchema } from "./chain-values.ts";
import type { JsonRpc } from "./json-rpc.ts";

/** A block's header, whose RLP hashes to its hash. */
export interface ChainBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly parentHash: Hex;
  readonly stateRoot: Hex;
  /** Wei per gas. */
  readonly baseFeePerGas: bigint;
  readonly rlp: Uint8Array;
}

/** Where a transaction was included. */
export interface Inclusion {
  readonly isSuccess: boolean;
  readonly blockNumber: bigint;
}

/** What is asked of a chain's node; every method throws AnchorError like `JsonRpc.call`, and ends with the signal. */
export class Chain {
  readonly #rpc: JsonRpc;

  constructor({ rpc }: { rpc: JsonRpc }) {
    this.#rpc = rpc;
  }

  id(signal: AbortSignal): Promise<bigint> {
    return this.#rpc.call("eth_chainId", [], quantity, signal);
  }

  /** A block by its number or hash, or the newest; undefined when the node does not know it. */
  async block(which: bigint | Hex | "latest", signal: AbortSignal): Promise<ChainBlock | undefined> {
    const byHash = typeof which === "string" && which !== "latest";
    const method = byHash ? "eth_getBlockByHash" : "eth_getBlockByNumber";
    const parameter = typeof which === "bigint" ? hexOf(which) : which;
    const found = await this.#rpc.call(method, [parameter, false], headerSchema.nullable(), signal);
    if (found === null) return undefined;
    const { hash, header } = found;
    const rlp = encodeHeader(header);
    // A field that this encoder does not know would be missing from the hash.
    if (keccakHex(rlp) !== hash)
      throw new AnchorError({ code: "CHAIN_REPLY_MALFORMED", method, reason: "the header does not hash to its hash" });
    const { number, parentHash, stateRoot, baseFeePerGas } = header;
    return { number, hash, parentHash, stateRoot, baseFeePerGas, rlp };
  }

  /** Where a transaction is; undefined while it is in no block. */
  async inclusion(transaction: Hex, signal: AbortSignal): Promise<Inclusion | undefined> {
    const receipt = await this.#rpc.call("eth_getTransactionReceipt", [transaction], receiptSchema, signal);
    return receipt && { isSuccess: receipt.status === 1n, blockNumber: receipt.blockNumber };
  }

  /** True when the node has the transaction, in a block or waiting for one. */
  async knows(transaction: Hex, signal: AbortSignal): Promise<boolean> {
    const found = await this.#rpc.call("eth_getTransactionByHash", [transaction], z.unknown(), signal);
    return found !== null && found !== undefined;
  }

  /** Transactions of an account that are in blocks: the nonce of its next one. */
  nonce(account: Address, signal: AbortSignal): Promise<bigint> {
    return this.#rpc.call("eth_getTransactionCount", [account, "latest"], quantity, signal);
  }

  /** What the node thinks a transaction should tip, wei per gas. */
  tip(signal: AbortSignal): Promise<bigint> {
    return this.#rpc.call("eth_maxPriorityFeePerGas", [], quantity, signal);
  }

  /** The gas that a transaction takes; CHAIN_REFUSED when it would revert. */
  gas(transaction: { from: Address; to: Address; data: Hex }, signal: AbortSignal): Promise<bigint> {
    return this.#rpc.call("eth_estimateGas", [transaction], quantity, signal);
  }

  call(request: { to: Address; data: Hex }, signal: AbortSignal): Promise<Hex> {
    return this.#rpc.call("eth_call", [request, "latest"], data, signal);
  }

  async send(raw: Uint8Array, signal: AbortSignal): Promise<void> {
    await this.#rpc.call("eth_sendRawTransaction", [bytesToHex(raw)], data, signal);
  }

  /** Slots of an account in a block's state (EIP-1186). */
  async proof(account: Address, slots: readonly Hex[], block: bigint, signal: AbortSignal): Promise<StorageProof> {
    return storageProofFromReply(
      await this.#rpc.call("eth_getProof", [account, slots, hexOf(block)], proofSchema, signal),
    );
  }
}

function hexOf(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
