import { chmod, rm } from "node:fs/promises";
import { constants, setPriority } from "node:os";
import { Dispatcher } from "@koinon/rpc/dispatcher";
import { GrpcServer } from "@koinon/rpc/grpc-server";
import type { Clock } from "@koinon/runtime/clock";
import type { Logger } from "@koinon/runtime/logger";
import type { Random } from "@koinon/runtime/random";
import { drawSeedFrom } from "../draw-seed.ts";
import { loadGenerator } from "../load-store.ts";
import { bindEngineService } from "../remote/engine-binding.ts";
import type { EngineOrder } from "./engine-order.ts";

/** Loads the models of an order, serves them on its socket, calls `ready`, and ends well some time after the signal. */
export async function runEngine(
  order: EngineOrder,
  ready: () => void,
  stop: AbortSignal,
  { clock, random, log }: { readonly clock: Clock; readonly random: Random; readonly log: Logger },
): Promise<void> {
  // Decoding takes every cycle it gets; what answers people on the same machine comes first.
  setPriority(constants.priority.PRIORITY_BELOW_NORMAL);
  const logError = (text: string) => log.error({ engine: "llama.cpp", text }, "engine reports an error");
  const generator = await loadGenerator(order, { drawSeed: drawSeedFrom(random), logError }, stop);
  const onBug = (err: unknown, method: string) => log.error({ err, method }, "engine call failed");
  const server = new GrpcServer({ security: { kind: "plaintext" } }, { clock });
  server.add(new Dispatcher(bindEngineService(generator), { clock, onBug }));
  await rm(order.socket, { force: true });
  await server.listen(`unix:${order.socket}`);
  await chmod(order.socket, 0o600);
  ready();
  await new Promise<void>((resolve) => {
    if (stop.aborted) resolve();
    stop.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.stop(AbortSignal.timeout(order.drainMs));
  await generator.close();
}
