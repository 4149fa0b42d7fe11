import { DomainError } from "@koinon/errors/domain-error";
import { portableEd25519 } from "@koinon/tlog/ed25519";
import { type Bundle, parseBundle } from "../bundle.ts";
import type { Trust } from "../trust.ts";
import { describeUnreadable } from "../unreadable.ts";
import { checkAnchor } from "./chain-anchor.ts";
import { checkCommitments } from "./commitments.ts";
import { type Check, gatherEvidence, type VerifyDependencies, type VerifyOptions } from "./evidence.ts";
import { checkRequestBytes, checkResponseBytes } from "./exact-bytes.ts";
import { checkFee } from "./fee-arithmetic.ts";
import { checkCheckpointSignature, checkLogIdentity } from "./log-checkpoint.ts";
import { checkInclusion } from "./log-inclusion.ts";
import { checkManifest } from "./manifest-match.ts";
import { checkProviderRoot } from "./provider-root.ts";
import { checkQuote } from "./quote-validity.ts";
import { checkReceiptSignature } from "./receipt-signature.ts";
import { checkServingKey } from "./serving-key.ts";
import { checkSessionChain } from "./session-chain.ts";
import {
  type Anchor,
  failed,
  passed,
  type Step,
  type StepName,
  skipped,
  stepNames,
  type Verification,
} from "./verification.ts";
import { checkWitnesses } from "./witness-cosignatures.ts";

const checks: Record<StepName, { readonly title: string; readonly check: Check }> = {
  format: {
    title: "The bundle is well formed",
    check: () => passed("Every member is there, none is unknown, all are spelled canonically."),
  },
  "provider-root": { title: "The provider is known", check: checkProviderRoot },
  "serving-key": { title: "The serving key is certified", check: checkServingKey },
  manifest: { title: "The model is the one named", check: checkManifest },
  quote: { title: "The price was quoted", check: checkQuote },
  fee: { title: "The fee follows from price and usage", check: checkFee },
  "receipt-signature": { title: "The receipt is signed", check: checkReceiptSignature },
  commitments: { title: "The commitments open", check: checkCommitments },
  "request-bytes": { title: "The request is the one received", check: checkRequestBytes },
  "response-bytes": { title: "The response is the one delivered", check: checkResponseBytes },
  "session-chain": { title: "The session is unbroken", check: checkSessionChain },
  "log-identity": { title: "The log is known", check: checkLogIdentity },
  "checkpoint-signature": { title: "The log signed the checkpoint", check: checkCheckpointSignature },
  witnesses: { title: "Witnesses saw the same log", check: checkWitnesses },
  inclusion: { title: "The receipt is in the log", check: checkInclusion },
  anchor: { title: "The checkpoint is anchored to a chain", check: checkAnchor },
};

/** The steps that are skipped when the caller has no bytes, without making the bundle invalid. */
const textSteps: ReadonlySet<StepName> = new Set(["request-bytes", "response-bytes"]);

/** All that may be skipped: besides those, the one for an anchor that is neither there nor asked for. */
const optional: ReadonlySet<StepName> = new Set<StepName>([...textSteps, "anchor"]);

/**
 * Verifies a proof bundle offline against trust anchors from outside it. Never throws for a bad bundle: what is wrong is in the
 * steps. Pure and synchronous. Throws only for a trust object that `parseTrust` would have refused.
 */
export function verifyBundle(
  bytes: Uint8Array,
  trust: Trust,
  options: VerifyOptions = {},
  { ed25519 = portableEd25519 }: Partial<VerifyDependencies> = {},
): Verification {
  let bundle: Bundle;
  try {
    bundle = parseBundle(bytes);
  } catch (error) {
    if (!(error instanceof DomainError)) throw error;
    return unreadable(describeUnreadable(error));
  }
  const evidence = gatherEvidence(bundle, trust, { ...options, ed25519 });
  const steps = stepNames.map((name): Step => ({ name, title: checks[name].title, ...checks[name].check(evidence) }));
  const valid = steps.every(({ name, status }) => status === "passed" || (status === "skipped" && optional.has(name)));
  return {
    valid,
    textChecked: valid && steps.every(({ name, status }) => status === "passed" || !textSteps.has(name)),
    steps,
    anchors: distinct(steps.flatMap((step) => step.anchors)),
    receiptId: evidence.receiptId,
  };
}

function unreadable(reason: string): Verification {
  const steps = stepNames.map((name): Step => {
    const outcome =
      name === "format"
        ? failed(`The bundle can not be read: ${reason}.`)
        : skipped("Not checked: the bundle could not be read.");
    return { name, title: checks[name].title, ...outcome };
  });
  return { valid: false, textChecked: false, steps, anchors: [], receiptId: null };
}

function distinct(anchors: readonly Anchor[]): Anchor[] {
  return [...new Map(anchors.map((anchor) => [`${anchor.kind} ${anchor.id}`, anchor])).values()];
}
