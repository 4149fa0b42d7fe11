import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** Receipts named in one request to a provider (inference.proto). */
const perRequestMax = 64;
/** Receipts of one provider that wait to be named; it hands in what is beyond. */
const perProviderMax = 1_024;

/**
 * Settled receipts whose providers have not been told. They are told with the next request, so that a busy provider hands hardly any receipt in;
 * what is lost on the way costs a look-up when its journal hands the receipt in.
 */
export class Acknowledgements {
  readonly #waiting = new Map<Address, Hex[]>();

  /** A receipt is settled, on disk. */
  add(provider: Address, receiptId: Hex): void {
    const waiting = this.#waiting.get(provider);
    if (waiting === undefined) this.#waiting.set(provider, [receiptId]);
    else if (waiting.length < perProviderMax) waiting.push(receiptId);
  }

  /** The receipts to name in the next request to a provider; each is answered once. */
  take(provider: Address): readonly Hex[] {
    const waiting = this.#waiting.get(provider);
    if (waiting === undefined) return [];
    if (waiting.length > perRequestMax) return waiting.splice(0, perRequestMax);
    this.#waiting.delete(provider);
    return waiting;
  }
}
