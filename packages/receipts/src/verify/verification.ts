import type { Hex } from "@koinon/secp256k1/hex";

/** The steps of verifying a bundle, in order. The names are stable: tools and people refer to them. */
export const stepNames = [
  "format",
  "provider-root",
  "serving-key",
  "manifest",
  "quote",
  "fee",
  "receipt-signature",
  "commitments",
  "request-bytes",
  "response-bytes",
  "session-chain",
  "log-identity",
  "checkpoint-signature",
  "witnesses",
  "inclusion",
  "anchor",
] as const;

/** One of `stepNames`. */
export type StepName = (typeof stepNames)[number];

/** Something believed without proof, because the trust file says so. */
export interface Anchor {
  readonly kind: "network" | "provider" | "log" | "witness" | "chain";
  /** Chain id and contract, root address, verifier key, or chain id, registry and block. */
  readonly id: string;
  /** For people; empty when the trust file gives none. */
  readonly name: string;
}

/** What one step found. */
export interface StepOutcome {
  readonly status: "passed" | "failed" | "skipped";
  /** One sentence for people: what was compared, or what is wrong. */
  readonly detail: string;
  /** The anchors this step relied on. */
  readonly anchors: readonly Anchor[];
}

/** One step with its outcome. */
export interface Step extends StepOutcome {
  readonly name: StepName;
  readonly title: string;
}

/** The verdict on a bundle. */
export interface Verification {
  /** True when no step failed and none was skipped but those for bytes that were not given, and for an anchor that is not there. */
  readonly valid: boolean;
  /** True when the bundle is valid and request and response bytes were given and are the ones that the receipt commits to. */
  readonly textChecked: boolean;
  readonly steps: readonly Step[];
  /** Every anchor relied on, each once. */
  readonly anchors: readonly Anchor[];
  /** The receipt's id under the trusted network; null when the bundle could not be read. */
  readonly receiptId: Hex | null;
}

/** An outcome that stands for a check that held. */
export function passed(detail: string, anchors: readonly Anchor[] = []): StepOutcome {
  return { status: "passed", detail, anchors };
}

/** An outcome that makes the bundle invalid. */
export function failed(detail: string): StepOutcome {
  return { status: "failed", detail, anchors: [] };
}

/** An outcome for a check that could not be made. */
export function skipped(detail: string): StepOutcome {
  return { status: "skipped", detail, anchors: [] };
}
