import { readFileSync } from "node:fs";
import type { Bus } from "@koinon/bus/bus";
import type { CertificateFiles } from "@koinon/rpc/certificate-files";
import { type AdminServer, startAdminServer } from "./admin.ts";
import { awaitCertificates } from "./certificates.ts";
import { systemClock } from "./clock.ts";
import { configuredOrExit } from "./configured-or-exit.ts";
import { onEndSignals } from "./end-signals.ts";
import { createBus } from "./event-bus.ts";
import { durablesOf, Host, type HostPlan, type ModuleInstance, planHost } from "./host.ts";
import { createLogger, type Logger } from "./logger.ts";
import { natsAccessOf } from "./nats-settings.ts";
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
  const plan = configuredOrExit(() =>
    planHost(options.modules, { env: process.env, readFile: (path) => readFileSync(path, "utf8") }),
  );
  const log = createLogger({ name: options.name, level: plan.config.logLevel, clock: systemClock });
  endOnCrash(log);
  const { otlpEndpoint, adminListen } = plan.config;
  const telemetry = createTelemetry(
    { service: options.name, metrics: adminListen !== undefined, otlpEndpoint },
    systemClock,
  );
  // Signal handlers alone do not keep a process alive whose modules hold no handle.
  setInterval(() => {}, 2 ** 30);
  const starting = new AbortController();
  const ended = endSignal(log, starting);
  const parts: Started = {};
  let failed: Promise<unknown>;
  try {
    failed = (await startAll(parts, options, { plan, log, telemetry, adminListen, signal: starting.signal })).failed;
  } catch (error) {
    if (!starting.signal.aborted) log.fatal({ err: error }, "process could not start");
    failed = Promise.resolve(error);
  }
  const cause = starting.signal.aborted
    ? await ended
    : await Promise.race([ended, failed.then((error) => ({ failed: messageOf(error) }))]);
  if (typeof cause === "object") process.exitCode = 1;
  await runPhases(shutdownPhases(parts, telemetry), { log, monotonicMs: systemClock.monotonicMs });
  // The last line is what an orchestrator keeps of a process that failed.
  if (typeof cause === "object") log.error({ cause: "failed", reason: cause.failed }, "process ends");
  else log.info({ cause }, "process ends");
  log.flush();
  process.exit();
}

interface Started {
  certificates?: CertificateFiles | undefined;
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
    adminListen: string | undefined;
    signal: AbortSignal;
  },
): Promise<Host> {
  const { plan, log, telemetry, signal } = given;
  let host: Host | undefined;
  let waiting: { waitingFor: string; reason?: string } = { waitingFor: "certificates" };
  // Before anything that waits for others, so that a process that waits is alive and says what it lacks.
  if (given.adminListen !== undefined) {
    started.admin = await startAdminServer(given.adminListen, {
      readiness: () => {
        const { ready, ...detail } = host?.health() ?? { ready: false, ...waiting };
        return { ready, detail };
      },
      metricsText: () => telemetry.metricsText(),
    });
    log.info({ address: started.admin.address }, "admin port open");
  }
  const certificates = await awaitCertificates(
    plan,
    { clock: systemClock, log, waiting: ({ message }) => (waiting = { waitingFor: "certificates", reason: message }) },
    signal,
  );
  started.certificates = certificates;
  waiting = { waitingFor: "the event bus" };
  const bus = createBus(
    {
      name: options.name,
      servers: plan.config.natsUrl,
      access: natsAccessOf(plan.config),
      prefix: plan.config.natsPrefix,
      replicas: plan.config.natsReplicas,
      durables: durablesOf(plan),
    },
    {
      ...{ clock: systemClock, log, meter: telemetry.meter("@koinon/bus"), tracer: telemetry.tracer("@koinon/bus") },
      signal,
      waiting: (error) => (waiting = { waitingFor: "the event bus", reason: messageOf(error) }),
    },
  );
  started.bus = await unlessAborted(bus, signal);
  host = new Host(plan, { clock: systemClock, random: systemRandom, log, telemetry, bus: started.bus, certificates });
  await host.start(signal);
  started.host = host;
  const running = { host, rpcAddresses: host.rpcAddresses, adminAddress: started.admin?.address };
  log.info({ rpc: running.rpcAddresses, admin: running.adminAddress }, "process ready");
  options.onReady?.(running);
  return host;
}

/** What the promise answers, or the signal's reason as soon as it aborts. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted();
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function shutdownPhases(started: Started, telemetry: Telemetry): readonly Phase[] {
  return [
    ...(started.host?.shutdownPhases() ?? []),
    { name: "close bus", timeoutMs: 5_000, run: async () => await started.bus?.close() },
    { name: "flush telemetry", timeoutMs: 5_000, run: () => telemetry.flush() },
    {
      name: "close admin",
      timeoutMs: 2_000,
      run: async () => {
        started.certificates?.close();
        await started.admin?.close();
        await telemetry.close();
      },
    },
  ];
}

/** Resolves at the first signal to end; asked once more, the process ends where it stands. */
function endSignal(log: Logger, starting: AbortController): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const first = (signal: NodeJS.Signals): void => {
      log.info({ signal }, "process asked to end");
      starting.abort(new Error(`ended by ${signal}`));
      resolve(signal);
    };
    onEndSignals(process, { first, again: () => process.exit(1) }, systemClock);
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
