import type { Bus } from "@koinon/bus/bus";
import { declareConfig } from "../src/config.ts";
import { healthOf } from "../src/health.ts";
import type { ModuleDefinition } from "../src/module.ts";

/** A module that serves nothing and does one thing with the bus when it starts. */
export function eventModule(name: string, start: (bus: Bus) => Promise<void>): ModuleDefinition<unknown> {
  return {
    name,
    config: declareConfig({}),
    provides: [],
    requires: [],
    create: async (_, { bus }) => ({
      name,
      services: [],
      start: () => start(bus),
      stop: async () => undefined,
      health: () => healthOf([], []),
    }),
  };
}
