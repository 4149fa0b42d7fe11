import type { EventEmitter } from "node:events";
import type { SystemClock } from "./clock.ts";

/** What a process does when it is asked to end. */
export interface EndSignalHandlers {
  /** It was asked: end in order. */
  first(signal: NodeJS.Signals): void;
  /** It was asked once more: end where it stands. Nothing is listened to from here on. */
  again(signal: NodeJS.Signals): void;
}

// Ctrl-C is told to all processes of the terminal at once, and those that run another (npm, a script, a supervisor) pass on what they were told:
// to the one at the end of such a line a single press comes several times. Nobody who means it twice is as quick.
const oneRequestMs = 500;

/** Listens for SIGINT and SIGTERM. What comes within half a second of the first is the same request. */
export function onEndSignals(
  process: EventEmitter,
  { first, again }: EndSignalHandlers,
  clock: Pick<SystemClock, "monotonicMs">,
): void {
  let firstAt: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    const now = clock.monotonicMs();
    if (firstAt === undefined) {
      firstAt = now;
      first(signal);
    } else if (now - firstAt >= oneRequestMs) {
      for (const name of signals) process.removeListener(name, onSignal);
      again(signal);
    }
  };
  for (const name of signals) process.on(name, onSignal);
}

const signals = ["SIGINT", "SIGTERM"] as const;
