import { extname } from "node:path";
import { Worker } from "node:worker_threads";
import { recoverPacked } from "./recover-packed.ts";
import { endOfWork, type RecoveryAnswer, type RecoveryRequest } from "./worker-messages.ts";

/** Where packed requests are worked on, one after the other. */
export interface Lane {
  /** Takes a request; its buffer belongs to the lane from then on. */
  send(request: RecoveryRequest): void;
  close(): Promise<void>;
}

/** What a lane tells: answers in the order of requests, and that it is gone with whatever it had not answered. */
export interface LaneEvents {
  answered(answer: RecoveryAnswer): void;
  lost(cause: unknown): void;
}

/** The worker beside this module, as source or as built. */
export const recoveryWorkerUrl = new URL(`./recovery-worker${extname(import.meta.url)}`, import.meta.url);

/** A lane on a thread of its own. */
export function createWorkerLane(url: URL, events: LaneEvents): Lane {
  const worker = new Worker(url);
  let cause: unknown;
  let isClosing = false;
  worker.on("message", (answer: RecoveryAnswer) => events.answered(answer));
  worker.on("error", (error) => {
    cause = error;
  });
  const ended = new Promise<void>((resolve) => {
    worker.on("exit", (exitCode) => {
      if (!isClosing) events.lost(cause ?? new Error(`recovery worker exited with ${exitCode}`));
      resolve();
    });
  });
  return {
    send: (request) => worker.postMessage(request, [request.request]),
    close() {
      isClosing = true;
      // Not terminate(): a thread that is stopped inside a native call takes the process with it.
      worker.postMessage(endOfWork);
      return ended;
    },
  };
}

/** A lane on the calling thread, which lets other work in between requests. */
export function createInThreadLane(events: LaneEvents): Lane {
  let isClosing = false;
  return {
    send({ job, request }) {
      setImmediate(() => {
        if (isClosing) return;
        let answer: ArrayBuffer;
        try {
          answer = recoverPacked(request);
        } catch (cause) {
          isClosing = true;
          events.lost(cause);
          return;
        }
        events.answered({ job, answer });
      });
    },
    close() {
      isClosing = true;
      return Promise.resolve();
    },
  };
}
