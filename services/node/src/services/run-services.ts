import type { ModuleDefinition } from "@koinon/runtime/module";
import { runProcess } from "@koinon/runtime/process-main";
import { NodeError } from "../errors.ts";

type AnyDefinition = ModuleDefinition<unknown>;

type Environment = Readonly<Record<string, string | undefined>>;

/** The services that a process can run, loaded when they are named. */
export const services: Readonly<Record<string, () => Promise<AnyDefinition>>> = {
  gateway: async () => (await import("@koinon/gateway/module")).gatewayModule as AnyDefinition,
  market: async () => (await import("@koinon/compute/market/module")).marketModule as AnyDefinition,
  provider: async () => (await import("@koinon/compute/provider/module")).providerModule as AnyDefinition,
  engine: async () => (await import("@koinon/compute/engine/module")).engineModule as AnyDefinition,
  poi: async () => (await import("@koinon/poi/module")).poiModule as AnyDefinition,
  chain: async () => (await import("@koinon/chain/module")).chainModule as AnyDefinition,
};

/** How services are run. */
export interface ServicesOptions {
  readonly endWithParent: boolean;
  /** Settings by variable, for all services named. */
  readonly env: Environment;
}

/** Runs the named services in this process until it is asked to end. */
export async function runServices(names: readonly string[], options: ServicesOptions): Promise<void> {
  const modules = [];
  for (const name of names) {
    const load = services[name];
    if (load === undefined) {
      throw new NodeError({ code: "UNKNOWN_SERVICE", name, known: Object.keys(services).join(", ") });
    }
    modules.push({ definition: await load(), env: options.env });
  }
  if (options.endWithParent) endWithParent();
  await runProcess({ name: names.join("+"), modules });
}

/** The parent holds our standard input open; when it is gone, however it went, so are we. */
function endWithParent(): void {
  process.stdin.resume();
  process.stdin.once("end", () => process.kill(process.pid, "SIGTERM"));
  process.stdin.on("error", () => process.kill(process.pid, "SIGTERM"));
}
