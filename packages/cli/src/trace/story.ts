import type { Bundle } from "@koinon/receipts/bundle";
import type { Verification } from "@koinon/receipts/verification";
import type { ReceiptSummary } from "@koinon/sdk/answers";
import { verdictOf } from "../verify/verification-report.ts";
import { amountInWords, countInWords, timeInWords } from "../words.ts";
import { outcomeInWords } from "./outcome-words.ts";

/** What is known of the proof: a verified bundle, or why there is none. */
export type Proof = { readonly bundle: Bundle | undefined; readonly verification: Verification } | string;

/** The story of a request in words, a sentence or two a line. */
export function storyOf(receipt: ReceiptSummary, proof: Proof): string[] {
  return [
    `Request ${receipt.request_id} asked for ${receipt.model} at ${receipt.endpoint}, on ${timeInWords(receipt.reserved_at)}.`,
    `${amountInWords(receipt.reserved)} micro-credits, the most that it could cost, were set aside before any of the answer came back.`,
    ...receipt.attempts.map(attemptOf),
    ...outcomeOf(receipt),
    ...(receipt.state === "settled" ? [...priceOf(receipt, proof), ...proofOf(receipt, proof)] : []),
  ];
}

function attemptOf({ provider_name, outcome, duration_ms }: ReceiptSummary["attempts"][number], index: number): string {
  // The market's note of a receipt that came after the relay: nothing was sent then, and its time is the receipt's.
  if (outcome === "HANDED_IN") return `${provider_name} handed in its signed receipt afterwards.`;
  const when = index === 0 ? "It was sent to" : "Then it was sent to";
  return `${when} ${provider_name}, ${outcomeInWords(outcome, durationInWords(duration_ms))}.`;
}

function outcomeOf(receipt: ReceiptSummary): string[] {
  const { state, provider_name, void_reason } = receipt;
  switch (state) {
    case "reserved":
      return ["It is still being answered, or its provider has not handed in the receipt."];
    case "voided":
      return [`It was not charged (${void_reason ?? "no reason given"}); everything set aside was given back.`];
    case "settled":
      return [`${provider_name} (${receipt.provider ?? "unknown"}) ${answerOf(receipt)}.`, relayOf(receipt)];
  }
}

function answerOf({ outcome, started_at, finished_at, input_units, output_units }: ReceiptSummary): string {
  const how = outcome === "cancelled" ? "answered until the client left" : "answered in full";
  const lasted =
    started_at === null || finished_at === null
      ? ""
      : ` within ${durationInWords(finished_at - started_at)}, as its receipt says`;
  return `${how}${lasted}, for ${countInWords(input_units ?? 0, "unit")} of input and ${countInWords(output_units ?? 0, "unit")} of output`;
}

function relayOf({ relayed }: ReceiptSummary): string {
  if (relayed) return "The market compared the signed receipt with the bytes that it had relayed.";
  return "The market was not there when the answer passed: it was settled by the provider's signed receipt alone.";
}

function priceOf({ fee, reserved, price_id }: ReceiptSummary, proof: Proof): string[] {
  if (fee === null) return [];
  const rest = BigInt(reserved) - BigInt(fee);
  const quote = typeof proof === "string" ? undefined : proof.bundle?.quote.document;
  const prices =
    quote === undefined
      ? ""
      : ` (${amountInWords(quote.inputPrice)} per million units of input, ${amountInWords(quote.outputPrice)} of output, ${amountInWords(quote.requestPrice)} per request)`;
  return [
    `That cost ${amountInWords(fee)} micro-credits under the signed price ${price_id ?? "unknown"}${prices}; ${amountInWords(rest)} were given back.`,
  ];
}

function proofOf({ receipt_id, log_index }: ReceiptSummary, proof: Proof): string[] {
  const place = log_index === null ? "is not in the log yet" : `is in the log at index ${log_index} (counted from 0)`;
  const logged = `Its receipt ${receipt_id ?? "unknown"} ${place}.`;
  if (typeof proof === "string") return [logged, `Its proof was not checked: ${proof}.`];
  const { verification } = proof;
  const failures = verification.steps.filter(({ status }) => status === "failed");
  return [
    logged,
    `Its proof bundle is ${verdictOf(verification)}.`,
    ...failures.map(({ name, detail }) => `  ${name}: ${detail}`),
  ];
}

function durationInWords(milliseconds: number): string {
  return milliseconds < 1_000 ? `${milliseconds} ms` : `${(milliseconds / 1_000).toFixed(1)} s`;
}
