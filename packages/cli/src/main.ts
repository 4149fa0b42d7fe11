import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { createInterruption } from "./interruption.ts";
import { runKoinon } from "./run.ts";

process.exitCode = await runKoinon(process.argv.slice(2), {
  env: process.env,
  clock: systemClock,
  random: systemRandom,
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  interrupted: createInterruption(process),
});
