import { checkReceipt, type RuleViolation } from "@koinon/contributions/receipt-rules";
import { placeInSession, type SessionHead } from "@koinon/contributions/session-rules";
import type { Domain } from "@koinon/eip712/domain";
import type { KeyCertificate } from "@koinon/receipts/certificate";
import type { Opening } from "@koinon/receipts/commitment";
import { contentDigest, type DocumentBytes, decodeDocument, type Signed } from "@koinon/receipts/document";
import type { Quote } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument, receiptKind, receiptOutcome } from "@koinon/receipts/receipt";
import { recoverSigner } from "@koinon/receipts/signer-memory";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { nativeCommitment } from "../../native-commitment.ts";
import type { OpenedReceiptBytes } from "../accounts/money-store.ts";
import { inputUnitsSlack } from "./cost-bound.ts";
import type { StatedUsage } from "./stated-usage.ts";

/**
 * Output units may exceed the delivered bytes by so many: tokens that were generated and not delivered (a stop text, the end mark, what was
 * under way when the consumer left). Every other token of an answer delivers at least one byte.
 */
export const outputUnitsSlack = 64n;

/** How far a provider's clock may be from the market's, in ms. */
const clockSkewMs = 60_000n;

/** Why a receipt is not paid; stable codes. */
export type ReceiptMismatch =
  | RuleViolation
  /** Not the canonical bytes of a receipt that keeps the rules of the document, or openings that are not hashes. */
  | "RECEIPT_MALFORMED"
  | "REQUEST_MISMATCH"
  | "PROVIDER_MISMATCH"
  | "CONSUMER_MISMATCH"
  | "PRICE_MISMATCH"
  | "KIND_MISMATCH"
  /** It says cancelled though nobody cancelled. */
  | "OUTCOME_MISMATCH"
  | "PARENTS_UNEXPECTED"
  /** The opening does not open the commitment. */
  | "INPUT_COMMITMENT_MISMATCH"
  | "OUTPUT_COMMITMENT_MISMATCH"
  /** The opened digest is not that of the request, or of what was relayed. */
  | "INPUT_DIGEST_MISMATCH"
  | "OUTPUT_DIGEST_MISMATCH"
  | "FEE_ABOVE_RESERVATION"
  | "INPUT_UNITS_IMPLAUSIBLE"
  | "OUTPUT_UNITS_IMPLAUSIBLE"
  /** The answer itself states other token counts. */
  | "USAGE_MISMATCH"
  /** It calls an answer complete that is not. */
  | "ANSWER_UNFINISHED"
  | "TIMES_IMPLAUSIBLE"
  /** It does not continue its session. */
  | "CHAIN_BROKEN";

/** A receipt with its openings as it comes from a provider. */
export interface OpenedReceipt {
  readonly receipt: DocumentBytes;
  readonly input: Opening;
  readonly output: Opening;
}

/** The receipt as it is kept for its holder. */
export function openedReceiptBytes({ receipt, input, output }: OpenedReceipt): OpenedReceiptBytes {
  return { content: receipt.content, signature: receipt.signature, input, output };
}

/** What the reservation says the receipt must be. */
export interface ReceiptExpectation {
  readonly requestId: Hex;
  readonly consumer: Address;
  readonly provider: Address;
  readonly priceId: Hex;
  readonly quote: Quote;
  readonly certificate: KeyCertificate;
  readonly kind: "inference" | "embedding";
  /** SHA-256 of the request body. */
  readonly requestDigest: Hex;
  readonly requestBytes: number;
  /** Micro-credits reserved. */
  readonly amount: bigint;
  readonly reservedAt: number;
}

/** What the market itself saw of the answer; absent when it saw nothing, because another process relayed it and died. */
export interface ObservedAnswer {
  /** SHA-256 of the bytes taken from the provider. */
  readonly digest: Hex;
  readonly bytes: number;
  /** The market read the answer to its end, as opposed to cancelling it. */
  readonly whole: boolean;
  /** Token counts that the answer states. */
  readonly usage: StatedUsage | undefined;
  /** The body ends as a complete answer of its content type does. */
  readonly finished: boolean;
}

/** A receipt that may be paid. */
export interface CheckedReceipt {
  readonly receipt: Receipt;
  readonly receiptId: Hex;
  readonly signedBy: { readonly key: Address; readonly epoch: bigint };
  /** The bytes it is for are the ones that this market took from the provider. */
  readonly relayed: boolean;
  /**
   * Its session has ended, because another receipt of it was refused: the work is proved, and is paid when the provider signs it again in a new
   * session.
   */
  readonly sessionEnded: boolean;
}

/** What became of a check. `signed` tells whether the refused receipt is provably the provider's own. */
export type ReceiptVerdict =
  | { readonly accepted: true; readonly checked: CheckedReceipt }
  | {
      readonly accepted: false;
      readonly reason: ReceiptMismatch;
      readonly signed: boolean;
      readonly session: Hex | undefined;
    };

/** What a check depends on beside the receipt. */
export interface ReceiptCheckContext {
  readonly domain: Domain;
  readonly now: number;
  readonly expected: ReceiptExpectation;
  readonly answer: ObservedAnswer | undefined;
  /** The last receipt of a session known here. */
  sessionHead(session: Hex): SessionHead | undefined;
  hasEnded(session: Hex): boolean;
}

/**
 * Checks a receipt against everything known: the reservation, the quote, the certified key, the bytes relayed and the session. Pure: the
 * answer follows from the arguments alone.
 */
export function checkOpenedReceipt(opened: OpenedReceipt, context: ReceiptCheckContext): ReceiptVerdict {
  const decoded = decode(opened.receipt);
  if (decoded === undefined) return { accepted: false, reason: "RECEIPT_MALFORMED", signed: false, session: undefined };
  const receipt = decoded.document;
  const digest = contentDigest(receiptDocument, opened.receipt.content, context.domain);
  const signer = signerOf(digest, decoded.signature);
  const signed = signer === context.expected.certificate.key;
  const reason =
    (signed ? undefined : "RECEIPT_NOT_BY_KEY") ??
    checkAgainstReservation(receipt, context) ??
    checkReceipt({ document: receipt, signer: context.expected.certificate.key }, context.expected.certificate, {
      id: context.expected.priceId,
      document: context.expected.quote,
    }) ??
    checkCommitments(receipt, opened, context) ??
    checkUnits(receipt, context) ??
    checkSession(receipt, context);
  if (reason !== undefined) return { accepted: false, reason, signed, session: signed ? receipt.session : undefined };
  const { key, epoch } = context.expected.certificate;
  const relayed = context.answer?.digest === opened.output.digest;
  const sessionEnded = context.hasEnded(receipt.session);
  const receiptId = bytesToHex(digest);
  return { accepted: true, checked: { receipt, receiptId, signedBy: { key, epoch }, relayed, sessionEnded } };
}

function checkAgainstReservation(receipt: Receipt, { expected, answer, now }: ReceiptCheckContext) {
  if (receipt.requestId !== expected.requestId) return "REQUEST_MISMATCH";
  if (receipt.provider !== expected.provider) return "PROVIDER_MISMATCH";
  if (receipt.consumer !== expected.consumer) return "CONSUMER_MISMATCH";
  if (receipt.priceId !== expected.priceId) return "PRICE_MISMATCH";
  if (receipt.kind !== receiptKind[expected.kind]) return "KIND_MISMATCH";
  if (receipt.parents.length > 0) return "PARENTS_UNEXPECTED";
  if (receipt.outcome === receiptOutcome.cancelled && answer?.whole === true) return "OUTCOME_MISMATCH";
  if (receipt.fee > expected.amount) return "FEE_ABOVE_RESERVATION";
  const tooEarly = receipt.startedAt + clockSkewMs < BigInt(expected.reservedAt);
  const tooLate = receipt.finishedAt > BigInt(now) + clockSkewMs;
  return tooEarly || tooLate ? "TIMES_IMPLAUSIBLE" : undefined;
}

function checkCommitments(
  receipt: Receipt,
  { input, output }: OpenedReceipt,
  { expected, answer }: ReceiptCheckContext,
) {
  const [inputHash, outputHash] = [openCommitment(input), openCommitment(output)];
  if (inputHash === undefined || outputHash === undefined) return "RECEIPT_MALFORMED";
  if (inputHash !== receipt.inputHash) return "INPUT_COMMITMENT_MISMATCH";
  if (outputHash !== receipt.outputHash) return "OUTPUT_COMMITMENT_MISMATCH";
  if (input.digest !== expected.requestDigest) return "INPUT_DIGEST_MISMATCH";
  if (answer === undefined) return undefined;
  // After a cancellation the provider may have handed over more than arrived; the units are held to what arrived.
  if (answer.whole && output.digest !== answer.digest) return "OUTPUT_DIGEST_MISMATCH";
  if (answer.whole && !answer.finished) return "ANSWER_UNFINISHED";
  return undefined;
}

function checkUnits(receipt: Receipt, { expected, answer }: ReceiptCheckContext): ReceiptMismatch | undefined {
  if (receipt.inputUnits > BigInt(expected.requestBytes) + inputUnitsSlack) return "INPUT_UNITS_IMPLAUSIBLE";
  if (expected.kind === "embedding" && receipt.outputUnits > 0n) return "OUTPUT_UNITS_IMPLAUSIBLE";
  if (answer === undefined) return undefined;
  if (receipt.outputUnits > BigInt(answer.bytes) + outputUnitsSlack) return "OUTPUT_UNITS_IMPLAUSIBLE";
  const { usage } = answer;
  if (usage === undefined || !answer.whole) return undefined;
  const asStated = receipt.inputUnits === usage.inputUnits && receipt.outputUnits === usage.outputUnits;
  return asStated ? undefined : "USAGE_MISMATCH";
}

function checkSession(receipt: Receipt, { expected, sessionHead }: ReceiptCheckContext) {
  // "early" may still come right: the receipt before can be on its way through another request or another replica.
  const place = placeInSession(sessionHead(receipt.session), receipt, expected.certificate);
  return place === "conflict" ? "CHAIN_BROKEN" : undefined;
}

function decode(bytes: DocumentBytes): Signed<Receipt> | undefined {
  try {
    return decodeDocument(receiptDocument, bytes);
  } catch {
    return undefined;
  }
}

function signerOf(digest: Uint8Array, signature: Hex): Address | undefined {
  try {
    return recoverSigner(digest, hexToBytes(signature));
  } catch {
    return undefined;
  }
}

/** The commitment that an opening opens, SHA-256(blinding ‖ digest); undefined for an opening that is not two hashes. */
function openCommitment({ blinding, digest }: Opening): Hex | undefined {
  const isHash = (value: Hex) => value.length === 66;
  if (!isHash(blinding) || !isHash(digest)) return undefined;
  return nativeCommitment(hexToBytes(blinding), hexToBytes(digest));
}
