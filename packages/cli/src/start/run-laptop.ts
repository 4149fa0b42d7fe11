import { parseModelSource } from "@koinon/compute/models/source/parse";
import { Laptop } from "@koinon/node/laptop";
import { createProgressPrinter } from "@koinon/node/progress";
import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { systemRandom } from "@koinon/runtime/random";
import type { Terminal } from "../command.ts";
import { readyText } from "./ready-text.ts";

/** The options of `koinon start` as they were given. */
export interface StartOptions {
  readonly data: string;
  readonly port: number;
  readonly engine?: string | undefined;
  readonly model?: string | undefined;
  readonly models?: string | undefined;
  readonly withoutChain: boolean;
  readonly json: boolean;
}

/** Runs a laptop network until it is interrupted or fails; answers the exit code. */
export async function runLaptop(options: StartOptions, terminal: Terminal): Promise<number> {
  const log = createLogger({ name: "koinon", level: "warn", clock: systemClock });
  const modelsDir = options.models ?? terminal.env.KOINON_MODELS;
  const onProgress = createProgressPrinter({
    write: (text) => void process.stderr.write(text),
    isTerminal: process.stderr.isTTY === true,
  });
  const laptop = await Laptop.open(
    {
      dataDir: options.data,
      port: options.port,
      withoutChain: options.withoutChain,
      ...(options.engine === undefined ? {} : { engineUrl: options.engine }),
      ...(options.model === undefined ? {} : { model: parseModelSource(options.model) }),
      ...(modelsDir === undefined ? {} : { modelsDir }),
    },
    { clock: systemClock, random: systemRandom, log, env: terminal.env, onProgress },
  );
  const interrupted = terminal.interrupted();
  let failure: unknown;
  try {
    terminal.err("koinon: starting the network");
    const ready = await laptop.start(interrupted);
    if (options.json) terminal.out(JSON.stringify(ready));
    else terminal.out(readyText(ready));
    failure = await Promise.race([laptop.failed, untilAborted(interrupted)]);
  } catch (error) {
    if (!interrupted.aborted) failure = error;
  }
  terminal.err("koinon: stopping");
  const clean = await laptop.stop();
  if (failure !== undefined) throw failure;
  terminal.err("koinon: stopped; nothing is lost, start again with the same data folder");
  return clean ? 0 : 1;
}

function untilAborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
