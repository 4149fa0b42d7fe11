import { feeOf } from "../credits/fee.ts";
import type { Model } from "../gateway/offers.ts";
import type { ProofState } from "../verification/proof-state.ts";
import type { Reading } from "./answer-stream/reading.ts";
import type { Answer } from "./conversation.ts";

/** What an answer cost, and how that is known. */
export interface AnswerCost {
  readonly fee: bigint;
  /** The fee of the verified receipt, or what follows from stated usage and quoted price. */
  readonly source: "receipt" | "usage";
}

/** The cost of an answer; null while it is not known. */
export function costOf(
  answer: Answer,
  reading: Reading,
  proof: ProofState | null,
  models: readonly Model[],
): AnswerCost | null {
  const facts = proof?.kind === "judged" ? proof.verdict.facts : null;
  if (facts !== null && proof?.kind === "judged" && isReceiptSound(proof))
    return { fee: facts.receipt.fee, source: "receipt" };
  const priceId = answer.head?.priceId;
  const offer = models.flatMap(({ offers }) => offers).find((each) => each.priceId === priceId);
  if (offer === undefined || reading.usage === null || answer.state !== "complete") return null;
  return { fee: feeOf(offer, reading.usage.inputUnits, reading.usage.outputUnits), source: "usage" };
}

/** True when the receipt itself verified, whether or not all its bytes are here. */
function isReceiptSound({ verdict }: Extract<ProofState, { kind: "judged" }>): boolean {
  return verdict.steps.every(({ name, status }) => status !== "failed" || name === "response-bytes");
}
