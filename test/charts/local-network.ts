import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { addModel } from "@koinon/compute/models/add";
import { writeRandomLlama } from "@koinon/compute/models/random-llama";
import { ModelStore } from "@koinon/compute/models/store";
import { freePorts } from "@koinon/machine/free-port";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { environmentOf, podAddress } from "./environment.ts";
import { type Container, containersOf, type Manifest, ofKind, podSpec, workloads } from "./manifests.ts";
import { type ChartName, chartNames, imageOf } from "./services.ts";

const run = promisify(execFile);
const repository = fileURLToPath(new URL("../..", import.meta.url));

/** Puts what the images hold into folders, with the script that the Dockerfile runs; services are built already. */
export async function assembleImages(
  folder: string,
  wanted: ReadonlySet<string> = new Set(Object.values(imageOf)),
): Promise<Record<string, string>> {
  const images: Record<string, string> = {};
  await mkdir(folder, { recursive: true });
  // A copy that another user can reach.
  await copyFile(process.execPath, path.join(folder, "node"));
  for (const image of wanted) {
    images[image] = path.join(folder, image);
    await run(path.join(repository, "deploy/assemble.sh"), [image, images[image]]);
  }
  return images;
}

/** Makes secrets and certificates with the command that operators use. */
export async function makeSecrets(folder: string): Promise<void> {
  await run(process.execPath, [path.join(repository, "services/node/dist/main.js"), "secrets", folder]);
}

/** A model store with a small model of random weights under the name of the default chat model. */
export async function makeModels(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const file = path.join(folder, "random.gguf");
  await writeRandomLlama(file);
  const dependencies = { env: {}, onProgress: () => undefined, signal: AbortSignal.timeout(20_000) };
  const facts = { name: "smollm2-135m-instruct", license: "none", author: "test" };
  await addModel(new ModelStore(folder), { scheme: "file", path: file }, facts, dependencies);
}

/** Where things of the cluster are on this machine. */
export interface Place {
  readonly folder: string;
  readonly images: Readonly<Record<string, string>>;
  readonly databaseUrl: string;
  readonly natsUrl: string;
}

/** What one container became: how to start it here. */
export interface LocalProcess {
  readonly name: ChartName | "engine";
  readonly cwd: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly adminPort: number;
}

/** The rendered workloads as processes of this machine: addresses, paths and Secrets are replaced, nothing else. */
export class LocalNetwork {
  readonly #manifests: readonly Manifest[];
  readonly #place: Place;
  readonly #ports: ReadonlyMap<string, number>;

  private constructor(manifests: readonly Manifest[], place: Place, ports: ReadonlyMap<string, number>) {
    this.#manifests = manifests;
    this.#place = place;
    this.#ports = ports;
  }

  static async plan(manifests: readonly Manifest[], place: Place): Promise<LocalNetwork> {
    const uses = [...chartNames, "engine"].flatMap((name) =>
      ["rpc", "admin", "http", "engine"].map((use) => `${name} ${use}`),
    );
    const free = await freePorts(uses.length);
    const ports = new Map(uses.map((use, index) => [use, free[index] as number]));
    for (const folder of ["run", ...chartNames.map((chart) => `data/${chart}`)]) {
      await mkdir(path.join(place.folder, folder), { recursive: true });
    }
    return new LocalNetwork(manifests, place, ports);
  }

  /** Every process of the workloads, the engine first. */
  processes(): Promise<LocalProcess[]> {
    return Promise.all(
      workloads(this.#manifests).flatMap((workload) =>
        containersOf(workload).map((container) => this.#localise(container, container.name as ChartName | "engine")),
      ),
    );
  }

  /** The migration jobs. */
  migrations(): Promise<LocalProcess[]> {
    const jobs = [...ofKind(this.#manifests, "Job").values()].filter(({ metadata }) =>
      metadata.name.endsWith("-migrate"),
    );
    return Promise.all(
      jobs.map((job) => {
        const chart = job.metadata.name.replace(/^net-|-migrate$/g, "") as ChartName;
        return this.#localise(podSpec(job).containers[0] as Container, chart);
      }),
    );
  }

  /** The jobs of `helm test`. */
  tests(): Promise<LocalProcess[]> {
    const jobs = [...ofKind(this.#manifests, "Job").values()].filter(({ metadata }) => metadata.name.endsWith("-test"));
    return Promise.all(
      jobs.map(async (job) => {
        const [container] = podSpec(job).containers;
        const { command = [], args = [] } = container as Container;
        const name = job.metadata.name.replace(/^net-|-test$/g, "") as ChartName;
        const process = await this.#localise(container as Container, name);
        return { ...process, args: [...command.slice(1), ...args.map((address) => this.#localAddress(address))] };
      }),
    );
  }

  /** Base URL of the gateway. */
  get url(): string {
    return `http://127.0.0.1:${this.#port("gateway", "http")}`;
  }

  /** JSON-RPC of the chain. */
  get rpcUrl(): string {
    return `http://127.0.0.1:${this.#port("chain", "http")}`;
  }

  /** The Engine API of the chain. */
  get engineUrl(): string {
    return `http://127.0.0.1:${this.#port("chain", "engine")}`;
  }

  async #localise(container: Container, name: ChartName | "engine"): Promise<LocalProcess> {
    const image = imageOf[name];
    expectImage(container.image, image);
    const secrets = new Map<string, string>();
    for (const { valueFrom } of container.env ?? []) {
      const key = valueFrom?.secretKeyRef?.key;
      if (key !== undefined) secrets.set(key, await this.#secret(name, key));
    }
    const env = environmentOf(container, this.#manifests, {
      podName: "net-provider-0",
      secret: (_name, key) => secrets.get(key) ?? "",
    });
    const local = Object.fromEntries(Object.entries(env).map(([key, value]) => [key, this.#local(name, key, value)]));
    const cwd = this.#place.images[image] as string;
    return { name, cwd, args: container.args ?? [], env: local, adminPort: this.#port(name, "admin") };
  }

  async #secret(service: string, key: string): Promise<string> {
    if (key.endsWith("_DATABASE_URL")) return this.#place.databaseUrl;
    return readFile(path.join(this.#place.folder, "secrets", service, "env", key), "utf8");
  }

  #local(service: string, key: string, value: string): string {
    const { folder, natsUrl, images } = this.#place;
    if (key === "ADMIN_LISTEN") return `127.0.0.1:${this.#port(service, "admin")}`;
    if (key === "RPC_LISTEN" && !value.startsWith("unix:")) return `127.0.0.1:${this.#port(service, "rpc")}`;
    if (key === "GATEWAY_HOST") return "127.0.0.1";
    if (key === "GATEWAY_PORT") return String(this.#port("gateway", "http"));
    if (key === "CHAIN_RPC_LISTEN") return `127.0.0.1:${this.#port("chain", "http")}`;
    if (key === "CHAIN_ENGINE_LISTEN") return `127.0.0.1:${this.#port("chain", "engine")}`;
    return this.#localAddress(value)
      .replace(new RegExp(`^${podAddress}:7000$`), `127.0.0.1:${this.#port("provider", "rpc")}`)
      .replace(/^net-(\w+):7000$/, (_, callee: string) => `127.0.0.1:${this.#port(callee, "rpc")}`)
      .replace(/^nats:\/\/nats:4222$/, natsUrl)
      .replace(/^\/etc\/koinon\/tls/, path.join(folder, "secrets", service, "tls"))
      .replace(/^(unix:)?\/run\/koinon/, `$1${path.join(folder, "run")}`)
      .replace(/^\/etc\/koinon\/genesis/, path.join(folder, "secrets", "chain"))
      .replace(/^\/var\/lib\/koinon$/, path.join(folder, "data", service))
      .replace(/^\/models$/, path.join(folder, "models"))
      .replace(/^\/app(?=\/)/, images.gateway as string);
  }

  /** What a URL of a Service is here; anything else stays. */
  #localAddress(text: string): string {
    const uses: Record<string, string> = { 80: "http", 8545: "http", 9090: "admin" };
    return text.replace(
      /^http:\/\/net-(\w+?)(?:-pods)?:(80|8545|9090)\b/,
      (_, service: string, port: string) => `http://127.0.0.1:${this.#port(service, uses[port] as string)}`,
    );
  }

  #port(service: string, use: string): number {
    return this.#ports.get(`${service} ${use}`) as number;
  }
}

/** The user of the images; only root can become it. */
const imageUser = 10_001;
const asImageUser = process.getuid?.() === 0;

/** Lets the images' user, where tests run as it, reach the database's socket, and own what is mounted. */
export async function handOver({ folder, databaseUrl }: { folder: string; databaseUrl?: string }): Promise<void> {
  if (!asImageUser) return;
  const socket = databaseUrl === undefined ? undefined : new URL(databaseUrl).searchParams.get("host");
  const reached = typeof socket === "string" ? [path.dirname(socket), socket] : [];
  await run("chmod", ["755", folder, ...reached]);
  const owned = ["secrets", "run", "data", "models"].map((name) => path.join(folder, name)).filter(existsSync);
  await run("chown", ["-R", `${imageUser}:${imageUser}`, ...owned]);
}

/** Starts a process as its image's entry point does: with its environment alone, and as its user where that is possible. */
export function startProcess(
  { cwd, args, env }: Pick<LocalProcess, "cwd" | "args" | "env">,
  entryPoint: readonly string[] = ["dist/main.js"],
): Promise<Child> {
  const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const user = ["/usr/bin/setpriv", `--reuid=${imageUser}`, `--regid=${imageUser}`, "--clear-groups"];
  const command = [...(asImageUser ? user : []), path.join(cwd, "..", "node"), ...entryPoint, ...args];
  return startChild({ command: "/usr/bin/env", args: ["-i", ...imageVariables(), ...variables, ...command], cwd });
}

/** What the Dockerfile sets, as NAME=value. */
function imageVariables(): string[] {
  const dockerfile = readFileSync(path.join(repository, "deploy/Dockerfile"), "utf8");
  return /^ENV (.*)$/m.exec(dockerfile)?.[1]?.split(" ") ?? [];
}

function expectImage(found: string, image: string): void {
  if (!found.startsWith(`koinon/${image}:`)) throw new Error(`${found} is not the image of ${image}`);
}
