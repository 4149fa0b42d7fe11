import { readFileSync } from "node:fs";
import type { Bus } from "@koinon/bus/bus";
import { type AdminServer, startAdminServer } from "./admin.ts";
import { systemClock } from "./clock.ts";
import { ConfigError } from "./config.ts";
import { createBus } from "./event-bus.ts";
import { Host, type HostPlan, type ModuleInstance, planHost } from "./host.ts";
import { createLogger, type Logger } from "./logger.ts";
import { systemRandom } from "./random.ts";
import { type Phase, runPhases } from "./shutdown.ts";
import { createTelemetry, type Telemetry } from "./telemetry.ts";

/** A process that runs. */
export interface RunningProcess {
  readonly host: Host;
  readonly rpcAddresses: readonly string[];
  readonly adminAddress: string | undefined;
}

export interface ProcessOptions {
  /** Names the process in logs and telemetry. */
  readonly name: string;
  readonly modules: readonly ModuleInstance[];
  /** Called when everything has started. */
  onReady?(running: RunningProcess): void;
}

/**
 * The whole life of a service's process: configuration, modules, signals, orderly end. SIGTERM and SIGINT end it in phases, a
 * second one at once; a failed start or module ends it with exit code 1.
 */
export async function runProcess(options: ProcessOptions): Promise<void> {
  const plan = planOrExit(options.modules);
  const log = createLogger({ name: options.name, level: plan.config.logLevel, clock: systemClock });
  endOnCrash(log);
  const { otlpEndpoint, adminListen, natsUrl } = plan.config;
  const telemetry = createTelemetry(
    { service: options.name, metrics: adminListen !== undefined, otlpEndpoint },
    systemClock,
  );
  const starting = new AbortController();
  const ended = endSignal(log, starting);
  const parts: Started = {};
  try {
    await startAll(parts, options, { plan, log, telemetry, natsUrl, adminListen, signal: starting.signal });
  } catch (error) {
    log.fatal({ err: error }, "process could not start");
    log.flush();
    process.exitCode = 1;
  }
  const cause =
    parts.host === undefined ? "failed" : await Promise.race([ended, parts.host.failed.then(() => "failed" as const)]);
  if (cause === "failed") process.exitCode = 1;
  await runPhases(shutdownPhases(parts, telemetry), { log, monotonicMs: systemClock.monotonicMs });
  log.info({ cause }, "process ends");
  log.flush();
  process.exit();
}

interface Started {
  host?: Host;
  bus?: Bus;
  admin?: AdminServer;
}

async function startAll(
  started: Started,
  options: ProcessOptions,
  given: {
    plan: HostPlan;
    log: Logger;
    telemetry: Telemetry;
    natsUrl: readonly string[];
    adminListen: string | undefined;
    signal: AbortSignal;
  },
): Promise<void> {
  const { plan, log, telemetry, signal } = given;
  started.bus = await createBus(
    { servers: given.natsUrl, name: options.name },
    { clock: systemClock, log, meter: telemetry.meter("@koinon/bus"), tracer: telemetry.tracer("@koinon/bus") },
  );
  const host = new Host(plan, { clock: systemClock, random: systemRandom, log, telemetry, bus: started.bus });
  if (given.adminListen !== undefined) {
    started.admin = await startAdminServer(given.adminListen, {
      readiness: () => {
        const { ready, modules } = host.health();
        return { ready, detail: { modules } };
      },
      metricsText: () => telemetry.metricsText(),
    });
  }
  await host.start(signal);
  started.host = host;
  const running = { host, rpcAddresses: host.rpcAddresses, adminAddress: started.admin?.address };
  log.info({ rpc: running.rpcAddresses, admin: running.adminAddress }, "process ready");
  options.onReady?.(running);
}

function shutdownPhases(started: Started, telemetry: Telemetry): readonly Phase[] {
  return [
    ...(started.host?.shutdownPhases() ?? []),
    { name: "close bus", timeoutMs: 5_000, run: async () => await started.bus?.close() },
    { name: "flush telemetry", timeoutMs: 5_000, run: () => telemetry.flush() },
    {
      name: "close telemetry",
      timeoutMs: 2_000,
      run: async () => {
        await started.admin?.close();
        await telemetry.close();
      },
    },
  ];
}

function planOrExit(modules: readonly ModuleInstance[]): HostPlan {
  try {
    return planHost(modules, { env: process.env, readFile: (path) => readFileSync(path, "utf8") });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`configuration:\n${error.problems.map((problem) => `  - ${problem}\n`).join("")}`);
    process.exit(1);
  }
}

/** Resolves at the first signal to end; the second ends the process where it stands. */
function endSignal(log: Logger, starting: AbortController): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals): void => {
      signals += 1;
      if (signals > 1) process.exit(1);
      log.info({ signal }, "process asked to end");
      starting.abort(new Error(`ended by ${signal}`));
      resolve(signal);
    };
    process.on("SIGTERM", onSignal);
    process.on("SIGINT", onSignal);
  });
}

/** What nobody handles is a bug: the process ends and restarts from durable state. */
function endOnCrash(log: Logger): void {
  const crash = (error: unknown): void => {
    log.fatal({ err: error }, "process crashed");
    log.flush();
    process.exit(1);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
}
