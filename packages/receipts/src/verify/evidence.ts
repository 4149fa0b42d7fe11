import type { Domain } from "@koinon/eip712/domain";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Ed25519 } from "@koinon/tlog/ed25519";
import type { Bundle } from "../bundle.ts";
import { documentId } from "../document.ts";
import { createKoinonDomain } from "../domain.ts";
import { receiptDocument } from "../receipt.ts";
import type { Trust } from "../trust.ts";
import { type OpenedCheckpoint, openBundleCheckpoint } from "./opened-checkpoint.ts";
import type { Anchor, StepOutcome } from "./verification.ts";

/** What the caller knows besides the bundle. */
export interface VerifyOptions {
  /** The exact request body that was sent. */
  readonly request?: Uint8Array;
  /** The exact body that was received, for a stream every byte of it. */
  readonly response?: Uint8Array;
  /** Milliseconds since the epoch; when given, times beyond it are refused. */
  readonly now?: number;
}

/** What a platform may do faster than the portable default; the results are the same. */
export interface VerifyDependencies {
  readonly ed25519: Ed25519;
}

/** Everything that the steps look at; each step is a pure function of it. */
export interface Evidence extends VerifyOptions, VerifyDependencies {
  readonly bundle: Bundle;
  readonly trust: Trust;
  readonly domain: Domain;
  readonly receiptId: Hex;
  readonly checkpoint: OpenedCheckpoint;
  /** The network whose domain signatures are made under. */
  readonly network: Anchor;
}

/** A step's check. */
export type Check = (evidence: Evidence) => StepOutcome;

/** Clocks of different parties differ by up to this much, in milliseconds. */
export const clockSkewMs = 300_000;

/** Computes once what several steps need. */
export function gatherEvidence(bundle: Bundle, trust: Trust, options: VerifyOptions & VerifyDependencies): Evidence {
  const domain = createKoinonDomain(trust);
  return {
    ...options,
    bundle,
    trust,
    domain,
    receiptId: documentId(receiptDocument, bundle.receipt.document, domain),
    checkpoint: openBundleCheckpoint(bundle.checkpoint, trust.logs, options.ed25519),
    network: { kind: "network", id: `${trust.chainId}/${trust.verifyingContract}`, name: "" },
  };
}
