import { systemClock } from "@koinon/runtime/clock";
import { systemRandom } from "@koinon/runtime/random";
import { createInterruption } from "./interruption.ts";
import { runKoinon } from "./run.ts";

// A reader that has seen enough (`koinon audit | head`) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}

process.exitCode = await runKoinon(process.argv.slice(2), {
  env: process.env,
  clock: systemClock,
  random: systemRandom,
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  interrupted: createInterruption(process, {
    clock: systemClock,
    end: (signal) => void process.kill(process.pid, signal),
  }),
});
