import path from "node:path";
import { freePort, freePorts } from "@koinon/machine/free-port";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { waitFor } from "@koinon/testkit/wait-for";
import { findBinary } from "../../clients/binaries.ts";
import { findGeth } from "../../geth/geth-program.ts";
import { blockGas } from "./bench-state.ts";
import { callMethod } from "./call-node.ts";
import { type OutcomeReader, outcomesByReceipts, outcomesByTraces } from "./outcomes.ts";

/** A node under measurement. */
export interface BenchNode {
  readonly http: string;
  /** Address of its gRPC, where it has one. */
  readonly grpc: string | undefined;
  readonly pid: number;
  /** Where it keeps its state; undefined when that is in memory. */
  readonly folder: string | undefined;
  /** What it is asked for to say what became of transactions. */
  readonly outcomes: OutcomeReader;
  stop(): Promise<void>;
}

/** Where a node keeps what, and what it begins with. */
export interface NodePlace {
  readonly folder: string;
  readonly genesis: string;
  /** Accounts in the genesis file. */
  readonly accounts: number;
  /** How long it may take to begin. */
  readonly startMs: number;
  /** For a profile of our node. */
  readonly nodeArgs?: readonly string[];
}

/** A node that is not measured, and why. */
export class NodeMissing extends Error {}

/** Nodes by name; each throws NodeMissing when the program is not installed. */
export const nodes = { koinon: startKoinon, anvil: startAnvil, geth: startGethDev };

/** A node that can be started. */
export type NodeName = keyof typeof nodes;

const main = new URL("../../../dist/main.js", import.meta.url).pathname;

/** Reads the genesis file in a process of its own, as geth does: the one that is measured starts on what is on disk. */
async function startKoinon(place: NodePlace): Promise<BenchNode> {
  const begun = performance.now();
  const first = await startShard({ ...place, nodeArgs: [] });
  await first.stop();
  const leftMs = Math.round(Math.max(1_000, place.startMs - (performance.now() - begun)));
  return await startShard({ ...place, startMs: leftMs });
}

async function startShard({ folder, genesis, startMs, nodeArgs = [] }: NodePlace): Promise<BenchNode> {
  const [rpc, grpc] = await freePorts(2);
  const data = path.join(folder, "koinon");
  const child = await startChild({
    command: process.execPath,
    args: ["--max-old-space-size=8192", ...nodeArgs, main],
    env: {
      CHAIN_DATA: data,
      CHAIN_GENESIS: genesis,
      CHAIN_RPC_LISTEN: `127.0.0.1:${rpc}`,
      RPC_LISTEN: `127.0.0.1:${grpc}`,
      RPC_PLAINTEXT_LOOPBACK: "true",
    },
    ready: /process ready/,
    deadlineMs: startMs,
  });
  const addresses = { http: `http://127.0.0.1:${rpc}`, grpc: `127.0.0.1:${grpc}` };
  const outcomes = outcomesByReceipts;
  return { ...addresses, pid: child.pid, folder: data, outcomes, stop: () => child.stop() };
}

/**
 * Its state root is over all accounts anew for every block: 0.2 s for 100,000, over two for 1,000,000. Blocks that take longer than the time between
 * them pile up in front of a load, so that it makes fewer with that many accounts, which take as much gas per second.
 */
const anvilBlockSeconds = (accounts: number): number => (accounts > 100_000 ? 5 : 1);

async function startAnvil({ genesis, accounts, startMs }: NodePlace): Promise<BenchNode> {
  const program = findBinary("anvil");
  if (program.path === undefined) throw new NodeMissing(program.missing);
  const port = await freePort();
  const seconds = anvilBlockSeconds(accounts);
  const limits = ["--block-time", String(seconds), "--gas-limit", String(blockGas * BigInt(seconds))];
  // It would keep a copy of the whole state for every block.
  const options = ["--prune-history", "--disable-default-create2-deployer"];
  const child = await startChild({
    command: program.path,
    args: ["--silent", "--init", genesis, "--port", String(port), ...limits, ...options],
  });
  return await answering(child, { port, startMs, folder: undefined, outcomes: outcomesByTraces });
}

async function startGethDev({ folder, genesis, startMs }: NodePlace): Promise<BenchNode> {
  const program = findGeth();
  if ("missing" in program) throw new NodeMissing(program.missing);
  const data = path.join(folder, "geth");
  const begun = performance.now();
  const init = await startChild({ command: program.file, args: ["init", "--datadir", data, genesis] });
  const tooLong = setTimeout(() => void init.kill(), startMs);
  const { code } = await init.exited.finally(() => clearTimeout(tooLong));
  if (code !== 0) throw new Error(`geth init ended with ${code}: ${init.lines.at(-1)}`);
  const port = await freePort();
  const child = await startChild({
    command: program.file,
    args: [
      ...["--dev", "--dev.period", "1", "--datadir", data, "--nodiscover", "--maxpeers", "0", "--ipcdisable"],
      ...["--http", "--http.port", String(port), "--http.api", "eth,txpool", "--verbosity", "2"],
      ...["--miner.gaslimit", String(blockGas), "--miner.gasprice", "1", "--txpool.pricelimit", "1"],
      ...["--txpool.accountslots", "4096", "--txpool.globalslots", "200000", "--rpc.batch-request-limit", "0"],
      // Batches overtake each other, and what comes before its turn would be dropped.
      ...["--txpool.accountqueue", "4096", "--txpool.globalqueue", "200000"],
      ...["--rpc.batch-response-max-size", "0", "--rpc.txfeecap", "0", "--cache", "1024"],
    ],
  });
  const leftMs = Math.round(Math.max(1_000, startMs - (performance.now() - begun)));
  return await answering(child, { port, startMs: leftMs, folder: data, outcomes: outcomesByReceipts });
}

interface Expected {
  readonly port: number;
  readonly startMs: number;
  readonly folder: string | undefined;
  readonly outcomes: OutcomeReader;
}

async function answering(child: Child, { port, startMs, folder, outcomes }: Expected): Promise<BenchNode> {
  const http = `http://127.0.0.1:${port}`;
  const what = `an answer after ${Math.round(startMs / 1000)} s`;
  const isUp = async () =>
    child.isRunning() ? (await callMethod(http, "eth_chainId", [])) !== undefined : ended(child);
  try {
    const found = await waitFor(isUp, { deadlineMs: startMs, intervalMs: 100, what });
    if (found instanceof Error) throw found;
  } catch (error) {
    await child.kill();
    throw error;
  }
  return { http, grpc: undefined, pid: child.pid, folder, outcomes, stop: () => child.kill() };
}

function ended(child: Child): Error {
  return new Error(`ended: ${child.lines.at(-1)}`);
}
