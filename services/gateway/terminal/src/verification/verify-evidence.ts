import { DomainError } from "@koinon/errors/domain-error";
import { parseBundle } from "@koinon/receipts/bundle";
import { withKnownBlocks } from "@koinon/receipts/known-blocks";
import { requestIdToHeader } from "@koinon/receipts/request-id";
import type { Trust } from "@koinon/receipts/trust";
import type { Step } from "@koinon/receipts/verification";
import { verifyBundle } from "@koinon/receipts/verify";
import { readAnswer } from "../chat/answer-stream/completion-reader.ts";
import { promptOfRequest } from "../chat/request-body.ts";
import type { AskedBlock, Evidence } from "./evidence.ts";
import type { BundleFacts, Verdict, VerdictStep } from "./verdict.ts";

/** How the trust file and the time are completed. */
export interface VerifyContext {
  readonly trust: Trust;
  readonly now: number;
  /** Null when the bundle has no anchor, or one that the trust file can check. */
  readonly asked: AskedBlock | null;
}

/** Verifies a bundle and, where a text is on the screen, that the text is the one the bundle proves. Pure. */
export function verifyEvidence(evidence: Evidence, { trust: file, now, asked }: VerifyContext): Verdict {
  const { request, response } = evidence;
  const block = asked?.word.kind === "finalized" ? asked.block : null;
  const trust = block === null ? file : withKnownBlocks(file, [block], file.anchoring);
  const verification = verifyBundle(evidence.bundle, trust, {
    ...(request === null ? {} : { request }),
    ...(response === null ? {} : { response }),
    now,
  });
  const facts = readFacts(evidence.bundle);
  const screen = facts === null ? [] : [checkRequestId(evidence, facts), checkScreenText(evidence)];
  const holds = screen.every(({ status }) => status !== "failed");
  return {
    valid: verification.valid && holds,
    // Where no text is shown, bytes that match are all there is to check.
    textChecked: verification.textChecked && holds,
    steps: [...verification.steps.map((step) => withWord(step, asked)), ...screen],
    receiptId: verification.receiptId,
    block,
    facts,
  };
}

/** On whose word the block of an anchor is believed, or why it is not. */
function withWord(step: Step, asked: AskedBlock | null): Step {
  if (asked === null || step.name !== "anchor") return step;
  const { block, word } = asked;
  switch (word.kind) {
    case "finalized":
      return {
        ...step,
        detail: `${step.detail} The node at ${word.rpc} says that it has finalized block ${word.number}, ${block}.`,
      };
    case "unknown":
      return { ...step, detail: `${step.detail} The node at ${word.rpc} has finalized no such block.` };
    case "unreachable":
      return { ...step, detail: `${step.detail} No node of the chain could be asked for it.` };
  }
}

function readFacts(bytes: Uint8Array): BundleFacts | null {
  try {
    const { receipt, quote, manifest, inclusion, checkpoint } = parseBundle(bytes);
    return { receipt: receipt.document, quote: quote.document, manifest, logIndex: inclusion.index, checkpoint };
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return null;
  }
}

/** Without this the gateway could answer with the valid bundle of another request that had the same words. */
function checkRequestId({ requestId }: Evidence, { receipt }: BundleFacts): VerdictStep {
  const step = { name: "request-id", title: "The receipt is for this request", anchors: [] } as const;
  if (requestId === null)
    return { ...step, status: "skipped", detail: "Only the bundle was given, no request to match it with." };
  const signed = requestIdToHeader(receipt.requestId);
  return signed === requestId
    ? { ...step, status: "passed", detail: `The receipt names ${requestId}, as the answer's headers did.` }
    : { ...step, status: "failed", detail: `The receipt is for ${signed}, the answer's headers named ${requestId}.` };
}

/** Without this the mark would speak about bytes, not about the text that a person reads. */
function checkScreenText({ screen, request, response }: Evidence): VerdictStep {
  const step = { name: "screen-text", title: "The text on the screen is in these bytes", anchors: [] } as const;
  if (screen === null || request === null || response === null) {
    return { ...step, status: "skipped", detail: "No text on the screen belongs to this bundle." };
  }
  if (promptOfRequest(request) !== screen.prompt) {
    return { ...step, status: "failed", detail: "The question shown is not the one in the request's bytes." };
  }
  if (readAnswer(response).text !== screen.text) {
    return { ...step, status: "failed", detail: "The answer shown is not the one in the response's bytes." };
  }
  return {
    ...step,
    status: "passed",
    detail: "Question and answer were read out of the verified bytes again and are the ones shown.",
  };
}
