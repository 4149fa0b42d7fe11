import { unknownAnchorBlock } from "@koinon/receipts/known-blocks";
import { inspectCheckpoint } from "./checkpoint.ts";
import { readTrustFile } from "./trust-file.ts";
import { verifyEvidence } from "./verify-evidence.ts";
import type { WorkerAnswers, WorkerRequest, WorkerResponse, WorkerTask } from "./worker-protocol.ts";

/** Runs beside the page: signatures and hashes take tens of milliseconds, in which nothing on the page may stand still. */
function perform(task: WorkerTask): WorkerAnswers[WorkerTask["kind"]] {
  const { trust, summary } = readTrustFile(task.trust);
  switch (task.kind) {
    case "verify":
      return verifyEvidence(task.evidence, { trust, now: Date.now(), asked: task.asked });
    case "find-anchor-block":
      return unknownAnchorBlock(task.bundle, trust) ?? null;
    case "read-trust":
      return summary;
    case "inspect-checkpoint":
      return inspectCheckpoint(task.checkpoint, trust);
  }
}

self.addEventListener("message", ({ data: { id, task } }: MessageEvent<WorkerRequest>) => {
  let response: WorkerResponse;
  try {
    response = { id, answer: perform(task) };
  } catch (error) {
    response = { id, error: error instanceof Error ? error.message : String(error) };
  }
  self.postMessage(response);
});
