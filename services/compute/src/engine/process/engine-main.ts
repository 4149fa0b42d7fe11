import { chmod, rm } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";
import { Dispatcher } from "@koinon/rpc/dispatcher";
import { GrpcServer } from "@koinon/rpc/grpc-server";
import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { systemRandom } from "@koinon/runtime/random";
import { drawSeedFrom } from "../draw-seed.ts";
import { loadGenerator } from "../load-store.ts";
import { bindEngineService } from "../remote/engine-binding.ts";
import { parseEngineOrder, readyLine } from "./engine-order.ts";

// Runs one engine for the process that started it: the first line on stdin says how, and the end of stdin ends it.
const log = createLogger({ name: "engine", level: "info", clock: systemClock });
const stopping = new AbortController();

const input = createInterface({ input: process.stdin });
const [line] = await Promise.race([
  new Promise<[string]>((resolve) => input.once("line", (text) => resolve([text]))),
  new Promise<[undefined]>((resolve) => input.once("close", () => resolve([undefined]))),
]);
if (line === undefined) process.exit(0);
const order = parseEngineOrder(line);
input.once("close", () => process.exit(0));
process.once("SIGTERM", () => stopping.abort());
// The terminal sends Ctrl-C to the whole group; the parent decides when the engine ends.
process.on("SIGINT", () => undefined);

// Decoding takes every cycle it gets; what answers people on the same machine comes first.
setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
const dependencies = {
  drawSeed: drawSeedFrom(systemRandom),
  logError: (text: string) => log.error({ engine: "llama.cpp", text }, "engine reports an error"),
};
const generator = await loadGenerator(order, dependencies, stopping.signal);
const onBug = (error: unknown, method: string) => log.error({ err: error, method }, "engine call failed");
const server = new GrpcServer({ security: { kind: "plaintext" } }, { clock: systemClock });
server.add(new Dispatcher(bindEngineService(generator), { clock: systemClock, onBug }));
await rm(order.socket, { force: true });
await server.listen(`unix:${order.socket}`);
await chmod(order.socket, 0o600);
process.stdout.write(`${readyLine}\n`);

stopping.signal.addEventListener("abort", async () => {
  await server.stop(AbortSignal.timeout(order.drainMs));
  await generator.close();
  process.exit(0);
});
