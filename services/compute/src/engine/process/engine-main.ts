import { createInterface } from "node:readline";
import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { systemRandom } from "@koinon/runtime/random";
import { parseEngineOrder, readyLine } from "./engine-order.ts";
import { runEngine } from "./run-engine.ts";

// Runs one engine for the process that started it: the first line on stdin says how, and the end of stdin ends it at once.
const log = createLogger({ name: "engine", level: "info", clock: systemClock });
const stopping = new AbortController();
process.once("SIGTERM", () => stopping.abort());
// The terminal sends Ctrl-C to the whole group; the parent decides when the engine ends.
process.on("SIGINT", () => undefined);
const input = createInterface({ input: process.stdin }).once("close", () => process.exit(0));
input.once("line", async (line) => {
  const ready = () => void process.stdout.write(`${readyLine}\n`);
  await runEngine(parseEngineOrder(line), ready, stopping.signal, { clock: systemClock, random: systemRandom, log });
  process.exit(0);
});
