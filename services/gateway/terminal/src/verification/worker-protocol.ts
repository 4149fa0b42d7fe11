import type { Hex } from "@koinon/secp256k1/hex";
import type { CheckpointFinding } from "./checkpoint.ts";
import type { AskedBlock, Evidence } from "./evidence.ts";
import type { TrustSummary } from "./trust-file.ts";
import type { Verdict } from "./verdict.ts";

/** What the page asks of the worker. Bytes are copied, never handed over: the page keeps its evidence. */
export type WorkerTask =
  | {
      readonly kind: "verify";
      readonly evidence: Evidence;
      readonly trust: Uint8Array;
      readonly asked: AskedBlock | null;
    }
  | { readonly kind: "find-anchor-block"; readonly bundle: Uint8Array; readonly trust: Uint8Array }
  | { readonly kind: "read-trust"; readonly trust: Uint8Array }
  | { readonly kind: "inspect-checkpoint"; readonly checkpoint: string; readonly trust: Uint8Array };

/** What each task is answered with. */
export interface WorkerAnswers {
  readonly verify: Verdict;
  readonly "find-anchor-block": Hex | null;
  readonly "read-trust": TrustSummary;
  readonly "inspect-checkpoint": CheckpointFinding;
}

/** A numbered task. */
export interface WorkerRequest {
  readonly id: number;
  readonly task: WorkerTask;
}

/** The answer to one task, or why it could not be done. */
export type WorkerResponse =
  | { readonly id: number; readonly answer: WorkerAnswers[WorkerTask["kind"]] }
  | { readonly id: number; readonly error: string };
