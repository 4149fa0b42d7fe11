import { parentPort } from "node:worker_threads";
import { invariant } from "@koinon/errors/invariant";
import { recoverPacked } from "./recover-packed.ts";

/** What the pool sends; the request's buffer is transferred. */
export interface RecoveryRequest {
  readonly job: number;
  readonly request: ArrayBuffer;
}

/** What a worker answers; the buffer is transferred. */
export interface RecoveryAnswer {
  readonly job: number;
  readonly answer: ArrayBuffer;
}

const port = parentPort;
invariant(port !== null, "the recovery worker runs in a worker thread");
port.on("message", ({ job, request }: RecoveryRequest) => {
  const answer = recoverPacked(request);
  const message: RecoveryAnswer = { job, answer };
  port.postMessage(message, [answer]);
});
