import type { Manifest } from "@koinon/receipts/manifest";
import type { Quote } from "@koinon/receipts/quote";
import type { Receipt } from "@koinon/receipts/receipt";
import type { Anchor } from "@koinon/receipts/verification";
import type { VerdictStepName } from "./verdict-steps.ts";

/** One step with what it found. */
export interface VerdictStep {
  readonly name: VerdictStepName;
  readonly title: string;
  readonly status: "passed" | "failed" | "skipped";
  readonly detail: string;
  readonly anchors: readonly Anchor[];
}

/** What a bundle says. True only as far as the verdict beside it goes. */
export interface BundleFacts {
  readonly receipt: Receipt;
  readonly quote: Quote;
  readonly manifest: Manifest;
  readonly logIndex: bigint;
  readonly checkpoint: string;
}

/** The outcome of a verification. */
export interface Verdict {
  /** True when nothing failed, and nothing was skipped but text that was not given. */
  readonly valid: boolean;
  /** True when, besides, question and answer were given and are the ones that were signed. */
  readonly textChecked: boolean;
  readonly steps: readonly VerdictStep[];
  readonly receiptId: string | null;
  /** Hash of the block that the chain vouched for; null when the verdict needed none besides the trust file's. */
  readonly block: string | null;
  /** Null when the bundle could not be read. */
  readonly facts: BundleFacts | null;
}

/** Titles of the steps that failed. */
export function failedSteps(verdict: Verdict): readonly VerdictStep[] {
  return verdict.steps.filter(({ status }) => status === "failed");
}
