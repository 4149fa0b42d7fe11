import { parentPort } from "node:worker_threads";
import { invariant } from "@koinon/errors/invariant";
import { standBehindBlocks } from "../thread-priority.ts";
import { recoverPacked } from "./recover-packed.ts";
import { endOfWork, type RecoveryAnswer, type RecoveryRequest } from "./worker-messages.ts";

const port = parentPort;
invariant(port !== null, "the recovery worker runs in a worker thread");
// What was accepted goes into a block before more is accepted.
standBehindBlocks();
port.on("message", (message: RecoveryRequest | typeof endOfWork) => {
  if (message === endOfWork) {
    port.close();
    return;
  }
  const answer = recoverPacked(message.request);
  const reply: RecoveryAnswer = { job: message.job, answer };
  port.postMessage(reply, [answer]);
});
