import path from "node:path";
import { parseArgs } from "node:util";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { writeBenchGenesis } from "./throughput/bench-genesis.ts";
import { grpcStream, type IngestPath, jsonRpcBatches } from "./throughput/ingest-paths.ts";
import { measure, type ThroughputFigures } from "./throughput/measure.ts";
import { nodes } from "./throughput/nodes.ts";
import { signTransfers } from "./throughput/signed-load.ts";

// Plain transfers: whole-run successful transactions per second of our node and, by name, of others. Prints JSON.
const { values } = parseArgs({
  options: {
    accounts: { type: "string", default: "1000000" },
    transactions: { type: "string", default: "100000" },
    senders: { type: "string", default: "2000" },
    run: {
      type: "string",
      multiple: true,
      default: ["koinon-grpc", "koinon-jsonrpc", "anvil-jsonrpc", "geth-jsonrpc"],
    },
  },
});
const [accounts, transactions, senders] = [values.accounts, values.transactions, values.senders].map(Number) as [
  number,
  number,
  number,
];

const paths: Readonly<Record<string, IngestPath>> = { grpc: grpcStream, jsonrpc: jsonRpcBatches };
const folder = await temporaryFolder("koinon-bench-chain-");
// Children hold nothing that keeps this process, and it has to see them end.
const awake = setInterval(() => undefined, 1_000);
const genesis = path.join(folder.path, "genesis.json");
const figures: Record<string, ThroughputFigures | { missing: string }> = {};
try {
  await writeBenchGenesis(genesis, accounts, senders);
  const load = signTransfers(transactions, senders, accounts);
  for (const run of values.run) {
    const [name = "", ingest = ""] = run.split("-");
    const place = { folder: path.join(folder.path, run), genesis };
    figures[run] = await runOn(name, place, paths[ingest] as IngestPath, load).catch((error: unknown) => ({
      missing: `did not get through: ${String(error).split("\n")[0]}`,
    }));
  }
  process.stdout.write(`${JSON.stringify({ accounts, transactions, senders, figures })}\n`);
} finally {
  clearInterval(awake);
  await folder.remove();
}

/** A node that fails under the load costs its own figures, not the others'. */
async function runOn(
  name: string,
  place: { readonly folder: string; readonly genesis: string },
  ingest: IngestPath,
  load: ReturnType<typeof signTransfers>,
): Promise<ThroughputFigures | { missing: string }> {
  const node = await nodes[name]?.(place);
  if (node === undefined) return { missing: "not installed here" };
  return await measure(node, load, ingest).finally(() => node.stop());
}
