import { defineStruct } from "@koinon/eip712/struct";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { DocumentType } from "./document.ts";
import { assertRule } from "./fault.ts";
import { isRequestId } from "./request-id.ts";

/** What kind of work a receipt is for. */
export const receiptKind = { inference: 1, embedding: 2 } as const;

/** How the work ended: with its whole answer, cancelled by the consumer, or broken off by the provider. */
export const receiptOutcome = { complete: 0, cancelled: 1, broken: 2 } as const;

/** 32 zero bytes: no previous receipt, no evidence. */
export const zeroHash: Hex = `0x${"00".repeat(32)}`;

/** What a provider signs for work it did for a consumer. Its EIP-712 digest is the receipt id. Signed by its serving key. */
export interface Receipt {
  /** A value of `receiptKind`. */
  readonly kind: number;
  /** A value of `receiptOutcome`. */
  readonly outcome: number;
  /** 16 random bytes, right-aligned. */
  readonly requestId: Hex;
  /** 32 random bytes chosen by the provider: one chain of receipts for one consumer. */
  readonly session: Hex;
  /** Place in the session, from 0. */
  readonly sequence: bigint;
  /** Id of the receipt before in the session; zero for the first. */
  readonly previous: Hex;
  readonly consumer: Address;
  /** Root address of the provider. */
  readonly provider: Address;
  /** Hash of the model's manifest. */
  readonly subject: Hex;
  /** Commitment to the request body. */
  readonly inputHash: Hex;
  /** Commitment to the whole delivered body. */
  readonly outputHash: Hex;
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
  /** Id of the quote it is charged under. */
  readonly priceId: Hex;
  /** Micro-credits. */
  readonly fee: bigint;
  /** Milliseconds since the epoch. */
  readonly startedAt: bigint;
  readonly finishedAt: bigint;
  /** Hash of an evidence bundle; zero today. */
  readonly evidence: Hex;
  /** Ids of the receipts of the work that this work consumed. */
  readonly parents: readonly Hex[];
}

/** An entry of the log holds at most 65,535 bytes; this many parents fit with room to spare. */
export const parentsMax = 64;

/** The receipt as a document. */
export const receiptDocument: DocumentType<Receipt> = {
  struct: defineStruct<Receipt>("Receipt", {
    kind: "uint8",
    outcome: "uint8",
    requestId: "bytes32",
    session: "bytes32",
    sequence: "uint64",
    previous: "bytes32",
    consumer: "address",
    provider: "address",
    subject: "bytes32",
    inputHash: "bytes32",
    outputHash: "bytes32",
    inputUnits: "uint64",
    outputUnits: "uint64",
    priceId: "bytes32",
    fee: "uint128",
    startedAt: "uint64",
    finishedAt: "uint64",
    evidence: "bytes32",
    parents: "bytes32[]",
  }),
  check(receipt) {
    const rule = (holds: boolean, field: keyof Receipt, reason: string): void =>
      assertRule(holds, "receipt", field, reason);
    rule(receipt.kind === receiptKind.inference || receipt.kind === receiptKind.embedding, "kind", "unknown");
    rule(receipt.outcome >= 0 && receipt.outcome <= receiptOutcome.broken, "outcome", "unknown");
    rule(isRequestId(receipt.requestId), "requestId", "not 16 bytes right-aligned in 32");
    rule((receipt.sequence === 0n) === (receipt.previous === zeroHash), "previous", "zero exactly for sequence 0");
    rule(receipt.startedAt <= receipt.finishedAt, "finishedAt", "before startedAt");
    rule(receipt.evidence === zeroHash, "evidence", "not zero");
    rule(receipt.parents.length <= parentsMax, "parents", `more than ${parentsMax}`);
    rule(new Set(receipt.parents).size === receipt.parents.length, "parents", "one twice");
  },
};
