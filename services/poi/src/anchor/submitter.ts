import { invariant } from "@koinon/errors/invariant";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction, transactionHash } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import { AnchorError } from "./anchor-error.ts";
import { chooseFees, type Fees, raiseFees } from "./anchor-fees.ts";
import type { Chain } from "./chain.ts";

/** How transactions to the registry are made. */
export interface SubmitterOptions {
  readonly chainId: bigint;
  readonly registry: Address;
  /** Most that is paid, wei per gas. */
  readonly feeMax: bigint;
}

export interface SubmitterDependencies {
  readonly chain: Chain;
  readonly signer: Signer;
}

// A registry call takes about 80,000; the limit keeps a node that answers nonsense from emptying the account.
const gasMax = 500_000n;
// What was estimated may take a little more by the time it runs, when a slot is written for the first time.
const gasSlackPercent = 125n;

/** Makes, replaces and sends EIP-1559 transactions from the submitter's account to the registry. */
export class Submitter {
  readonly #options: SubmitterOptions;
  readonly #chain: Chain;
  readonly #signer: Signer;

  constructor(options: SubmitterOptions, { chain, signer }: SubmitterDependencies) {
    this.#options = options;
    this.#chain = chain;
    this.#signer = signer;
  }

  get account(): Address {
    return this.#signer.address;
  }

  /** A signed transaction with the account's next nonce; CHAIN_REFUSED when the registry would revert it. */
  async make(data: Hex, signal: AbortSignal): Promise<{ readonly raw: Uint8Array; readonly nonce: bigint }> {
    const { registry } = this.#options;
    const estimated = await this.#chain.gas({ from: this.account, to: registry, data }, signal);
    const gasLimit = (estimated * gasSlackPercent) / 100n;
    if (gasLimit > gasMax)
      throw new AnchorError({ code: "CHAIN_REPLY_MALFORMED", method: "eth_estimateGas", reason: `${estimated} gas` });
    const nonce = await this.#chain.nonce(this.account, signal);
    return { nonce, raw: this.#sign({ data: hexToBytes(data), gasLimit, nonce, ...(await this.#fees(signal)) }) };
  }

  /** The same transaction for more; undefined when that would take more than is allowed. */
  async raise(raw: Uint8Array, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const before = decodeTransaction(raw);
    invariant(before.type === 2, "it was made by make()");
    const fees = raiseFees(before, await this.#fees(signal), this.#options.feeMax);
    return fees && this.#sign({ data: before.data, gasLimit: before.gasLimit, nonce: before.nonce, ...fees });
  }

  /** Gives a transaction to the node, which may have it already. */
  async send(raw: Uint8Array, signal: AbortSignal): Promise<void> {
    if (await this.#chain.knows(transactionHash(raw), signal)) return;
    await this.#chain.send(raw, signal);
  }

  async #fees(signal: AbortSignal): Promise<Fees> {
    const block = await this.#chain.block("latest", signal);
    if (block === undefined)
      throw new AnchorError({ code: "CHAIN_REPLY_MALFORMED", method: "eth_getBlockByNumber", reason: "no block" });
    return chooseFees(block.baseFeePerGas, await this.#chain.tip(signal), this.#options.feeMax);
  }

  #sign(fields: Fees & { readonly data: Uint8Array; readonly gasLimit: bigint; readonly nonce: bigint }): Uint8Array {
    const { chainId, registry } = this.#options;
    const payload = { type: 2, chainId, to: registry, value: 0n, accessList: [], ...fields } as const;
    return encodeTransaction(signTransaction(payload, this.#signer));
  }
}
