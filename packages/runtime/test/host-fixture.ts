import { MemoryBus } from "@koinon/bus/memory-bus";
import { systemClock } from "../src/clock.ts";
import { durablesOf, Host, type ModuleInstance, planHost } from "../src/host.ts";
import { createLogger } from "../src/logger.ts";
import type { ModuleDefinition } from "../src/module.ts";
import { systemRandom } from "../src/random.ts";
import { runPhases } from "../src/shutdown.ts";
import { createTelemetry } from "../src/telemetry.ts";

export function instance<C>(
  definition: ModuleDefinition<C>,
  rest: Omit<ModuleInstance, "definition"> = {},
): ModuleInstance {
  return { definition, ...rest };
}

export const silentLog = createLogger({ name: "test", level: "silent", clock: systemClock });

/** A host over the given environment, with a bus in memory and no logs. */
export function createTestHost(modules: readonly ModuleInstance[], env: Record<string, string> = {}): Host {
  const plan = planHost(modules, {
    env,
    readFile: () => {
      throw new Error("no files here");
    },
  });
  return new Host(plan, {
    clock: systemClock,
    random: systemRandom,
    log: silentLog,
    telemetry: createTelemetry({ service: "test", metrics: true }, systemClock),
    bus: new MemoryBus({ durables: durablesOf(plan) }, { clock: systemClock }),
  });
}

export async function stopHost(host: Host): Promise<{ readonly clean: boolean }> {
  return runPhases(host.shutdownPhases(), { log: silentLog, monotonicMs: systemClock.monotonicMs });
}
