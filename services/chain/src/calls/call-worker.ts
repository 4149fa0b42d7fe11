import { parentPort, workerData } from "node:worker_threads";
import { invariant } from "@koinon/errors/invariant";
import { systemClock } from "@koinon/runtime/clock";
import { standBehindBlocks } from "../thread-priority.ts";
import {
  type CallThreadAnswer,
  type CallThreadRequest,
  type CallThreadSettings,
  endOfCalls,
  readyForCalls,
} from "./call-task.ts";
import { carryError } from "./carried-error.ts";
import { TaskRunner } from "./task-runner.ts";

const port = parentPort;
invariant(port !== null, "the call worker runs in a worker thread");
standBehindBlocks();
const runner = new TaskRunner(workerData as CallThreadSettings, systemClock);
port.on("message", async (message: CallThreadRequest | typeof endOfCalls) => {
  if (message === endOfCalls) {
    await runner.close();
    port.close();
    return;
  }
  port.postMessage(await answerOf(message));
});

port.postMessage(readyForCalls);

async function answerOf(request: CallThreadRequest): Promise<CallThreadAnswer> {
  const { job } = request;
  try {
    return { job, answer: await runner.run(request) };
  } catch (error) {
    return { job, error: carryError(error) };
  }
}
