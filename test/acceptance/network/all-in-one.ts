import { readFileSync } from "node:fs";
import path from "node:path";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { waitFor } from "@koinon/testkit/wait-for";
import { request } from "undici";
import { koinonBin } from "./koinon-command.ts";
import type { Network } from "./network.ts";

/** What a development shard says of itself in the ready line. */
export interface ReadyShard {
  readonly rpc: string;
  readonly ws: string;
  readonly chainId: number;
  readonly devKey: `0x${string}`;
}

interface ReadyLine extends Partial<ReadyShard> {
  readonly url: string;
  readonly apiKey: string;
  readonly terminal: string;
  readonly dataDir: string;
}

interface NetworkFile {
  readonly adminKey: string;
  /** Process ids by name: the host itself and the children that it supervises. */
  readonly processes: Record<string, number>;
}

/** Everything in one process (and the children it supervises), as `npm start` runs it. */
export interface AllInOne extends Network {
  readonly dataDir: string;
  readonly terminal: string;
  /** The shard of the last start; undefined when that was without one. */
  readonly shard: ReadyShard | undefined;
  /** Ends it as Ctrl-C does and starts it again on the same folder, with further arguments from then on. */
  restart(further?: readonly string[]): Promise<void>;
}

/** Starts it on a folder, with further arguments and environment. */
export async function startAllInOne(
  dataDir: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<AllInOne> {
  let { child, ready } = await launch(dataDir, args, env);
  const networkFile = () => JSON.parse(readFileSync(path.join(dataDir, "network.json"), "utf8")) as NetworkFile;
  const { adminKey } = networkFile();
  const killed = new Map<string, number>();
  let current = args;
  const relaunch = async () => {
    ({ child, ready } = await launch(dataDir, [...current, "--port", new URL(ready.url).port], env));
  };
  return {
    dataDir,
    get url() {
      return ready.url;
    },
    get terminal() {
      return ready.terminal;
    },
    get shard() {
      return shardOf(ready);
    },
    apiKey: ready.apiKey,
    adminKey,
    trustFile: path.join(dataDir, "trust.json"),
    killable: Object.keys(networkFile().processes),
    async kill(name) {
      const pid = networkFile().processes[name];
      if (pid === undefined) throw new Error(`no process named ${name}`);
      process.kill(pid, "SIGKILL");
      killed.set(name, pid);
      if (pid === child.pid) await child.exited;
      await waitFor(() => !isAlive(pid), { what: `${name} is gone` });
    },
    async recover() {
      if (!child.isRunning()) await relaunch();
      for (const [name, pid] of killed) {
        await waitFor(() => networkFile().processes[name] !== pid && isAlive(networkFile().processes[name] as number), {
          deadlineMs: 60_000,
          what: `${name} runs again`,
        });
      }
      killed.clear();
      await waitFor(() => answers(`${ready.url}/v1/models`, ready.apiKey), {
        deadlineMs: 60_000,
        what: "the gateway serves",
      });
    },
    async restart(further = []) {
      await child.stop("SIGINT");
      current = [...current, ...further];
      await relaunch();
    },
    stop: () => child.stop(),
  };
}

async function launch(
  dataDir: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<{ child: Child; ready: ReadyLine }> {
  const port = args.includes("--port") ? [] : ["--port", "0"];
  const child = await startChild({
    command: process.execPath,
    args: [koinonBin, "start", "--json", "--data", dataDir, ...port, ...args],
    env,
    ready: /^\{.*"apiKey".*\}$/,
    deadlineMs: 120_000,
  });
  return { child, ready: JSON.parse((child.ready as RegExpMatchArray)[0]) as ReadyLine };
}

function shardOf({ rpc, ws, chainId, devKey }: ReadyLine): ReadyShard | undefined {
  if (rpc === undefined || ws === undefined || chainId === undefined || devKey === undefined) return undefined;
  return { rpc, ws, chainId, devKey };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function answers(url: string, apiKey: string): Promise<boolean> {
  const { statusCode, body } = await request(url, { headers: { authorization: `Bearer ${apiKey}` } });
  const { data } = (await body.json()) as { data?: { koinon?: { offers: { state: string }[] } }[] };
  const offers = data?.flatMap((model) => model.koinon?.offers ?? []) ?? [];
  return statusCode === 200 && offers.some(({ state }) => state === "healthy");
}
