import { execFile } from "node:child_process";
import path from "node:path";
import { parseArgs, promisify } from "node:util";
import type { BenchResults, RunResult, ThroughputFigures } from "@koinon/testkit/chain-bench-results";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { type StateSize, writeBenchGenesis } from "./throughput/bench-state.ts";
import type { NodeName } from "./throughput/nodes.ts";
import { messageOf, report, runNode } from "./throughput/run-node.ts";
import { keyedAccounts, type WorkloadName } from "./throughput/workloads.ts";

// Whole-run successful transactions per second of our node, by both ways in, and of others beside it, at a state of so many
// accounts; then of ours at smaller states. Prints JSON; what it is doing goes to stderr.
const { values } = parseArgs({
  options: {
    accounts: { type: "string", default: "1000000" },
    case: { type: "string", multiple: true, default: ["transfers", "erc20", "swap"] },
    node: { type: "string", multiple: true, default: ["koinon", "geth", "ethereumjs", "anvil"] },
    way: { type: "string", multiple: true, default: ["grpc", "jsonrpc"] },
    growth: { type: "string", multiple: true, default: ["10000", "100000"] },
    transactions: { type: "string" },
    seconds: { type: "string", default: "1500" },
    profile: { type: "string" },
  },
});

/** Enough for some fifteen seconds and more: at its start and its end a run leaves a part of the machine without work. */
const usualCounts: Readonly<Record<string, number>> = { transfers: 200_000, erc20: 400_000, swap: 100_000 };
/** Of a load for one that has no network, pool or disk, and takes a while. */
const ethereumjsCounts: Readonly<Record<string, number>> = { transfers: 6_000, erc20: 4_000, swap: 2_000 };
/** What a node that does nothing with all accounts is tried with instead, until it does something. */
const fallbackAccounts = [100_000, 10_000];
/** Other nodes get so long to start; ours takes what it takes, which is in the figures. */
const peerStartMs = 150_000;
const ownStartMs = 400_000;

const begunMs = performance.now();
const endMs = begunMs + Number(values.seconds) * 1_000;
const cases = new Map(values.case.map((name) => [name as WorkloadName, countOf(name)]));
const accounts = Number(values.accounts);
const folder = await temporaryFolder("koinon-bench-chain-");
// Children hold nothing that keeps this process, and it has to see them end.
const awake = setInterval(() => undefined, 1_000);
const written = new Set<string>();
const runs: RunResult[] = [];
const nodes: BenchResults["nodes"][number][] = [];
try {
  for (const name of values.node) {
    add(name === "ethereumjs" ? await runEthereumjs(accounts) : await runFull(name as NodeName));
    if (name !== "koinon") continue;
    for (const smaller of values.growth.map(Number).filter((each) => each < accounts)) {
      add(await run("koinon", smaller, ["grpc"], new Map([["transfers", countOf("transfers")]])));
    }
  }
  process.stdout.write(`${JSON.stringify({ runs, nodes } satisfies BenchResults)}\n`);
} finally {
  clearInterval(awake);
  await folder.remove();
}

function add(results: BenchResults): void {
  runs.push(...results.runs);
  nodes.push(...results.nodes);
}

function countOf(name: string): number {
  return Number(values.transactions ?? usualCounts[name]);
}

/** A node at the full size, and at smaller ones as long as it does not start, or gets through nothing. */
async function runFull(name: NodeName): Promise<BenchResults> {
  const ways = name === "koinon" ? values.way : ["jsonrpc"];
  let results = await run(name, accounts, ways, cases);
  if (name === "koinon") return results;
  for (const fewer of fallbackAccounts.filter((each) => each < accounts)) {
    if (results.runs.some(({ figures }) => figures !== undefined)) break;
    const { runs: more, nodes: found } = await run(name, fewer, ways, cases);
    results = { runs: [...results.runs, ...more], nodes: found };
  }
  return results;
}

async function run(
  node: NodeName,
  count: number,
  ways: readonly string[],
  loads: ReadonlyMap<WorkloadName, number>,
): Promise<BenchResults> {
  const size: StateSize = { accounts: count, keyed: keyedAccounts };
  const genesis = await genesisOf(size);
  const own = await temporaryFolder("koinon-bench-node-");
  const startMs = node === "koinon" ? ownStartMs : peerStartMs;
  const nodeArgs = values.profile === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${values.profile}`];
  const place = { folder: own.path, genesis, accounts: count, startMs, nodeArgs };
  try {
    return await runNode({ node, ways, cases: loads, size, place, endMs });
  } finally {
    await own.remove();
  }
}

async function genesisOf(size: StateSize): Promise<string> {
  const file = path.join(folder.path, `genesis-${size.accounts}.json`);
  if (!written.has(file)) {
    written.add(file);
    report(`writing the genesis file of ${size.accounts} accounts`);
    await writeBenchGenesis(file, size);
  }
  return file;
}

/** In a process of its own: its memory grows to several gigabytes. */
async function runEthereumjs(count: number): Promise<BenchResults> {
  const program = new URL("./ethereumjs.ts", import.meta.url).pathname;
  const args = ["--no-warnings", "--max-old-space-size=12288", program, "--accounts", String(count)];
  for (const name of cases.keys()) args.push("--case", name, "--transactions", String(ethereumjsCounts[name]));
  const timeout = Math.max(1, Math.round(endMs - performance.now()));
  const found = new Map<string, ThroughputFigures>();
  let missing: string | undefined;
  const output = await promisify(execFile)(process.execPath, args, { timeout }).catch((error: unknown) => {
    missing = messageOf(error);
    return { stdout: "" };
  });
  for (const line of output.stdout.split("\n").filter((text) => text !== "")) {
    const { name, figures } = JSON.parse(line) as { name: string; figures: ThroughputFigures };
    found.set(name, figures);
    report(`ethereumjs ${name}, ${count} accounts: ${figures.successfulPerSecond.toFixed(0)}/s`);
  }
  const ran = [...cases.keys()].map((name): RunResult => {
    const result = { node: "ethereumjs", way: "process", case: name, accounts: count };
    return { ...result, figures: found.get(name), missing };
  });
  return { runs: ran, nodes: [] };
}
