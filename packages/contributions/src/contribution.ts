import type { Receipt } from "@koinon/receipts/receipt";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** What one provider did of one kind with one subject. */
export interface Contribution {
  readonly provider: Address;
  /** A value of `receiptKind`. */
  readonly kind: number;
  /** Hash of the model's manifest. */
  readonly subject: Hex;
  /** How many receipts. */
  readonly receipts: bigint;
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
  /** Micro-credits. */
  readonly fee: bigint;
  /** Earliest and latest `finishedAt`, milliseconds since the epoch. */
  readonly firstAt: bigint;
  readonly lastAt: bigint;
}

/** The contribution view: a fold over receipts. The order of the receipts does not matter, and views of parts can be merged. */
export class ContributionView {
  readonly #parts = new Map<string, Contribution>();

  /** Counts one receipt. Whether it is genuine and new is for the caller to know. */
  add(receipt: Receipt): void {
    const { provider, kind, subject, inputUnits, outputUnits, fee, finishedAt } = receipt;
    this.merge({
      ...{ provider, kind, subject, receipts: 1n, inputUnits, outputUnits, fee },
      ...{ firstAt: finishedAt, lastAt: finishedAt },
    });
  }

  /** Adds what another view has for one party, kind and subject. */
  merge(part: Contribution): void {
    const key = `${part.provider}/${part.kind}/${part.subject}`;
    const known = this.#parts.get(key);
    this.#parts.set(key, known === undefined ? part : sum(known, part));
  }

  /** Everything, largest fee first; equal fees by provider, kind and subject. */
  list(): Contribution[] {
    return [...this.#parts.values()].sort(compareContributions);
  }
}

/** The order of the contribution view. */
export function compareContributions(a: Contribution, b: Contribution): number {
  if (a.fee !== b.fee) return a.fee > b.fee ? -1 : 1;
  if (a.provider !== b.provider) return a.provider < b.provider ? -1 : 1;
  if (a.kind !== b.kind) return a.kind - b.kind;
  if (a.subject !== b.subject) return a.subject < b.subject ? -1 : 1;
  return 0;
}

function sum(a: Contribution, b: Contribution): Contribution {
  return {
    ...a,
    receipts: a.receipts + b.receipts,
    inputUnits: a.inputUnits + b.inputUnits,
    outputUnits: a.outputUnits + b.outputUnits,
    fee: a.fee + b.fee,
    firstAt: earlier(a.firstAt, b.firstAt),
    lastAt: later(a.lastAt, b.lastAt),
  };
}

// Math.min and Math.max do not take bigints.
function earlier(a: bigint, b: bigint): bigint {
  if (a < b) return a;
  return b;
}

function later(a: bigint, b: bigint): bigint {
  if (a > b) return a;
  return b;
}
