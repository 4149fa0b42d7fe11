import type { BenchResults, NodeResult, RunResult, ThroughputFigures } from "@koinon/testkit/chain-bench-results";
import { accountAddress, type StateSize } from "./bench-state.ts";
import { callMethod } from "./call-node.ts";
import { grpcStream, type IngestPath, jsonRpcBatches } from "./ingest-paths.ts";
import { measure } from "./measure.ts";
import { NodeTooSlow } from "./node-too-slow.ts";
import { type BenchNode, NodeMissing, type NodeName, type NodePlace, nodes } from "./nodes.ts";
import { folderMb } from "./process-cost.ts";
import type { SignedLoad } from "./signed-load.ts";
import { signLoad, type WorkloadName } from "./workloads.ts";

/** Ways in by name, in the order of their loads. */
export const waysIn: Readonly<Record<string, IngestPath>> = { grpc: grpcStream, jsonrpc: jsonRpcBatches };

/** What one node is to do. */
export interface NodeTask {
  readonly node: NodeName;
  readonly ways: readonly string[];
  readonly cases: ReadonlyMap<WorkloadName, number>;
  readonly size: StateSize;
  readonly place: NodePlace;
  /** When everything has to be over, on the clock of `performance.now`. */
  readonly endMs: number;
}

/** Transactions of the same kind that every node gets before the clock starts. */
const warmUp = 10_000;
/** One load takes no longer. */
const runMs = 150_000;
const proofs = 200;
/** A node that takes seconds over a proof has shown that by then. */
const proofsMs = 20_000;

/** Starts a node and sends it every load; one that fails under a load is started anew for the next, unless it was too slow for its first. */
export async function runNode(task: NodeTask): Promise<BenchResults> {
  const runs: RunResult[] = [];
  const found: NodeResult[] = [];
  let node: BenchNode | undefined;
  let lost: string | undefined;
  for (const [name, count] of task.cases) {
    for (const way of task.ways) {
      const result = { node: task.node, way, case: name, accounts: task.size.accounts };
      let figures: ThroughputFigures | undefined;
      let missing = lost ?? (performance.now() > task.endMs ? "no time was left" : undefined);
      try {
        if (missing === undefined && node === undefined) {
          node = await start(task, found).catch((error: unknown) => {
            lost = messageOf(error);
            throw error;
          });
        }
        if (missing === undefined && node !== undefined) {
          const limitMs = Math.min(runMs, Math.max(1, task.endMs - performance.now()));
          const load = loadOf(task, name, way, warmUp + count);
          const options = { ingest: waysIn[way] as IngestPath, limitMs };
          await measureSome(node, load.slice(0, warmUp), options);
          figures = await measureSome(node, load.slice(warmUp), options);
        }
      } catch (error) {
        missing = messageOf(error);
        const isAtNothing = runs.every(({ figures: others }) => others === undefined);
        if (error instanceof NodeTooSlow && isAtNothing) lost = missing;
        await node?.stop();
        node = undefined;
      }
      runs.push({ ...result, figures, missing });
      report(`${task.node} ${way} ${name}, ${task.size.accounts} accounts: ${missing ?? describe(figures)}`);
    }
  }
  await node?.stop();
  return { runs, nodes: found };
}

/** Like `measure`; a node that carries out nothing has no figures. */
async function measureSome(...args: Parameters<typeof measure>): Promise<ThroughputFigures> {
  const figures = await measure(...args);
  if (figures.successful === 0) throw new NodeTooSlow("nothing was carried out in the time that a load has");
  return figures;
}

const signed = new Map<string, SignedLoad>();

/** Loads are signed once for all nodes. */
function loadOf({ size }: NodeTask, name: WorkloadName, way: string, count: number): SignedLoad {
  const key = `${name} ${way} ${count} ${size.accounts}`;
  const known = signed.get(key);
  if (known !== undefined) return known;
  // Each way in has a load of its own, since our node takes both.
  const load = signLoad(name, way === "grpc" ? 0 : 1, count, size);
  signed.set(key, load);
  return load;
}

async function start({ node: name, size, place }: NodeTask, found: NodeResult[]): Promise<BenchNode> {
  const begun = performance.now();
  const node = await nodes[name](place);
  const startSeconds = (performance.now() - begun) / 1000;
  if (found.length === 0) {
    const stateMb = node.folder === undefined ? undefined : folderMb(node.folder);
    found.push({ node: name, accounts: size.accounts, startSeconds, stateMb, proofMs: await timeProofs(node, size) });
  }
  return node;
}

async function timeProofs({ http }: BenchNode, size: StateSize): Promise<NodeResult["proofMs"]> {
  const times: number[] = [];
  try {
    const endMs = performance.now() + proofsMs;
    for (let index = 0; index < proofs && performance.now() < endMs; index++) {
      const address = accountAddress(Math.floor(((index + 0.5) * size.accounts) / proofs), size);
      const begun = performance.now();
      await callMethod(http, "eth_getProof", [address, [], "latest"]);
      times.push(performance.now() - begun);
    }
  } catch {
    return undefined;
  }
  times.sort((left, right) => left - right);
  const at = (share: number): number => times[Math.floor(share * times.length)] as number;
  return { p50: at(0.5), p99: at(0.99) };
}

function describe(figures: ThroughputFigures | undefined): string {
  if (figures === undefined) return "nothing";
  const { successfulPerSecond, successful, transactions, cpuSeconds, seconds } = figures;
  const cpu = `${((cpuSeconds * 1e6) / Math.max(1, successful)).toFixed(0)} us of CPU each, ${(cpuSeconds / seconds).toFixed(2)} cores`;
  return `${successfulPerSecond.toFixed(0)}/s, ${successful} of ${transactions}, ${cpu}`;
}

/** Says how far the bench is. */
export function report(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The first line of why something failed. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return `${error instanceof NodeMissing ? "" : "did not get through: "}${text.split("\n")[0]}`;
}
