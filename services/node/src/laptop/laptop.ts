import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import type { Bus } from "@koinon/bus/bus";
import type { OnProgress } from "@koinon/compute/models/source/progress";
import { invariant } from "@koinon/errors/invariant";
import { type FolderLock, lockFolder } from "@koinon/machine/folder-lock";
import { freePort, isPortFree } from "@koinon/machine/free-port";
import type { SystemClock } from "@koinon/runtime/clock";
import { createBus } from "@koinon/runtime/event-bus";
import { durablesOf, Host, planHost } from "@koinon/runtime/host";
import type { Logger } from "@koinon/runtime/logger";
import type { Random } from "@koinon/runtime/random";
import { type Phase, runPhases } from "@koinon/runtime/shutdown";
import { createTelemetry, type Telemetry } from "@koinon/runtime/telemetry";
import { NodeError } from "../errors.ts";
import { childArguments } from "./child-arguments.ts";
import { ensureConsumerKey } from "./consumer-key.ts";
import { type DataFolder, openDataFolder } from "./data-folder.ts";
import { type LaptopDatabase, startDatabase } from "./database.ts";
import { hostEnvironment, providerEnvironment } from "./environment.ts";
import { ensureIdentities, type Identities } from "./identities.ts";
import { laptopModules } from "./modules.ts";
import { type NetworkFile, writeNetworkFile } from "./network-file.ts";
import type { LaptopOptions, ReadyLine } from "./options.ts";
import { type Party, parties } from "./parties.ts";
import { prepareModels, type ServedModels } from "./served-models.ts";
import { planShard, type ShardProcess } from "./shard-process.ts";
import { type SupervisedChild, superviseChild } from "./supervisor.ts";
import { issueTlsFiles, type TlsFiles } from "./tls-identity.ts";
import { type TlsOwner, TlsRenewal } from "./tls-renewal.ts";
import { untilProvidersServe } from "./until-serving.ts";

/** What a laptop network needs of the outside. */
export interface LaptopDependencies {
  readonly clock: SystemClock;
  readonly random: Random;
  readonly log: Logger;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly onProgress: OnProgress;
}

/** What the host's own process is made of. */
interface HostParts {
  readonly models: ServedModels;
  readonly identities: Identities;
  readonly databaseUrl: string;
  readonly chain: ShardProcess | undefined;
}

const terminalDir = fileURLToPath(new URL("./dist", import.meta.resolve("@koinon/terminal/package.json")));
const childStopMs = 10_000;
const databaseStopMs = 20_000;

/** A whole network on one machine: database, market, log, gateway, engine, several providers, and a shard of the chain. */
export class Laptop {
  readonly #options: LaptopOptions;
  readonly #deps: LaptopDependencies;
  readonly #folder: DataFolder;
  readonly #lock: FolderLock;
  readonly #processes: Record<string, number> = { node: process.pid };
  readonly #children: SupervisedChild[] = [];
  readonly #tls: TlsRenewal;
  #modules: ReturnType<typeof laptopModules> | undefined;
  #database: LaptopDatabase | undefined;
  #bus: Bus | undefined;
  #telemetry: Telemetry | undefined;
  #host: Host | undefined;
  #published: Omit<NetworkFile, "processes"> | undefined;

  private constructor(options: LaptopOptions, dependencies: LaptopDependencies, folder: DataFolder, lock: FolderLock) {
    this.#options = options;
    this.#deps = dependencies;
    this.#folder = folder;
    this.#lock = lock;
    const issue = (owner: TlsOwner) => issueTlsFiles(this.#folder, owner, dependencies);
    this.#tls = new TlsRenewal({ issue, log: dependencies.log });
  }

  /** Takes the data folder. Throws DATA_FOLDER_IN_USE when another network runs on it, and GATEWAY_PORT_IN_USE. */
  static async open(options: LaptopOptions, dependencies: LaptopDependencies): Promise<Laptop> {
    const folder = openDataFolder(options.dataDir);
    const lock = await lockFolder(folder.root);
    try {
      // The gateway is the last to listen, after models were fetched and a database was made.
      const { port } = options;
      if (!(await isPortFree(port))) throw new NodeError({ code: "GATEWAY_PORT_IN_USE", port });
    } catch (error) {
      await lock.release();
      throw error;
    }
    return new Laptop(options, dependencies, folder, lock);
  }

  /** Resolves when every provider serves. After a failure `stop` lets go of what was started. */
  async start(signal: AbortSignal): Promise<ReadyLine> {
    const { clock, random, log } = this.#deps;
    const modelsDir = this.#options.modelsDir ?? this.#folder.models;
    const chain = this.#options.withoutChain === true ? undefined : await this.#startChain();
    const models = await prepareModels({ ...this.#options, modelsDir }, { ...this.#deps, signal });
    const identities = await ensureIdentities(this.#folder, parties, { clock, random });
    const onPid = (pid: number) => this.#noteProcess("postgres", pid);
    this.#database = await startDatabase(this.#folder.postgres, { log, random, onPid }, signal);
    const marketAddress = await this.#startHost({ models, identities, databaseUrl: this.#database.url, chain }, signal);
    const gateway = this.#modules?.gateway();
    invariant(gateway !== undefined, "the host creates the gateway before it has started");
    const { key: adminKey } = await gateway.bootstrapAdministrator(signal);
    const url = gateway.url();
    const apiKey = await ensureConsumerKey(this.#folder, url, adminKey);
    for (const party of parties.filter(({ ownProcess }) => ownProcess)) {
      await this.#startProviderProcess(party, models, marketAddress);
    }
    await untilProvidersServe({ url, apiKey, count: parties.length }, signal);
    await chain?.serves(signal);
    this.#published = { url, adminKey, ...(chain === undefined ? {} : { rpc: chain.ready.rpc }) };
    this.#publish();
    const model = (models.models.find(({ kind }) => kind === "chat") ?? models.models[0])?.model ?? "";
    const terminal = `${url}/#key=${apiKey}`;
    return { url, apiKey, terminal, dataDir: this.#folder.root, model, ...chain?.ready };
  }

  /** Resolves with the first failure after which the network can not go on. */
  get failed(): Promise<unknown> {
    return this.#host?.failed ?? new Promise(() => undefined);
  }

  /** Takes everything down in order; answers false when something did not end as it should. */
  async stop(): Promise<boolean> {
    const { log, clock } = this.#deps;
    const { clean } = await runPhases(this.#shutdownPhases(), { log, monotonicMs: clock.monotonicMs });
    await this.#lock.release();
    return clean;
  }

  /** Starts the modules of this process and answers the address at which the market serves other processes. */
  async #startHost({ models, identities, databaseUrl, chain }: HostParts, signal: AbortSignal): Promise<string> {
    const { clock, random, log } = this.#deps;
    const tls = await this.#tls.issue({ name: "node", services: ["market", "poi", "gateway", "provider"] });
    const env = hostEnvironment({
      options: this.#options,
      ...{ databaseUrl, terminalDir, models, ...identities },
      trustFile: this.#folder.trustFile,
      engineSocket: path.join(this.#folder.run, "engine.sock"),
      tls: tlsEnvironment(tls),
      chain: chain && { rpc: chain.ready.rpc, ...(chain.anchor === undefined ? {} : { anchor: chain.anchor }) },
    });
    const inside = parties.filter(({ ownProcess }) => !ownProcess);
    this.#modules = laptopModules(
      models.from === "store",
      inside.map((party) => ({
        name: party.name,
        env: providerEnvironment(party, {
          dataDir: this.#folder.provider(party.name),
          endpoint: `local:${party.name}`,
          models,
        }),
      })),
    );
    const { ADMIN_LISTEN, OTEL_EXPORTER_OTLP_ENDPOINT } = this.#deps.env;
    const plan = planHost(this.#modules.instances, {
      env: { ADMIN_LISTEN, OTEL_EXPORTER_OTLP_ENDPOINT, ...env },
      readFile: (file) => readFileSync(file, "utf8"),
    });
    const telemetry = createTelemetry(
      { service: "koinon", metrics: plan.config.adminListen !== undefined, otlpEndpoint: plan.config.otlpEndpoint },
      clock,
    );
    this.#telemetry = telemetry;
    this.#bus = await createBus(
      { servers: [], name: "koinon", durables: durablesOf(plan) },
      { clock, log, meter: telemetry.meter("@koinon/bus"), tracer: telemetry.tracer("@koinon/bus") },
    );
    this.#host = new Host(plan, { clock, random, log, telemetry, bus: this.#bus });
    await this.#host.start(signal);
    const [address] = this.#host.rpcAddresses;
    invariant(address !== undefined, "the host listens for providers of other processes");
    return address;
  }

  async #startChain(): Promise<ShardProcess> {
    const { log, clock, random, env } = this.#deps;
    const plan = await planShard(
      { folder: this.#folder, gatewayPort: this.#options.port, searchPath: env.PATH ?? "" },
      { clock, random },
    );
    const onStart = (pid: number) => this.#noteProcess("chain", pid);
    this.#children.push(superviseChild(plan.child, { log, clock, onStart }));
    return plan;
  }

  async #startProviderProcess(party: Party, models: ServedModels, marketAddress: string): Promise<void> {
    const { clock, log, env } = this.#deps;
    const tls = await this.#tls.issue({ name: party.name, services: ["provider"] });
    const port = await freePort();
    const endpoint = `127.0.0.1:${port}`;
    const plan = {
      name: party.name,
      command: process.execPath,
      args: childArguments("provider"),
      env: {
        PATH: env.PATH ?? "",
        LOG_LEVEL: "warn",
        RPC_LISTEN: endpoint,
        MARKET_ADDRESS: marketAddress,
        ...(models.from === "store" ? { ENGINE_ADDRESS: `unix:${path.join(this.#folder.run, "engine.sock")}` } : {}),
        ...tlsEnvironment(tls),
        ...providerEnvironment(party, { dataDir: this.#folder.provider(party.name), endpoint, models }),
      },
    };
    const onStart = (pid: number) => this.#noteProcess(party.name, pid);
    this.#children.push(superviseChild(plan, { log, clock, onStart }));
  }

  #shutdownPhases(): readonly Phase[] {
    return [
      {
        name: "stop providers and chain",
        timeoutMs: childStopMs,
        run: async (signal) => {
          this.#tls.stop();
          await Promise.all(this.#children.map((child) => child.stop(signal)));
        },
      },
      ...(this.#host?.shutdownPhases() ?? []),
      { name: "close bus", timeoutMs: 5_000, run: async () => await this.#bus?.close() },
      { name: "close telemetry", timeoutMs: 2_000, run: async () => await this.#telemetry?.close() },
      { name: "stop database", timeoutMs: databaseStopMs, run: async () => await this.#database?.stop() },
    ];
  }

  #noteProcess(name: string, pid: number): void {
    this.#processes[name] = pid;
    this.#publish();
  }

  #publish(): void {
    if (this.#published !== undefined)
      writeNetworkFile(this.#folder, { ...this.#published, processes: this.#processes });
  }
}

function tlsEnvironment(files: TlsFiles): Record<string, string> {
  return {
    TLS_CERTIFICATE_FILE: files.certificateFile,
    TLS_KEY_FILE: files.keyFile,
    TLS_CA_FILE: files.caFile,
  };
}
