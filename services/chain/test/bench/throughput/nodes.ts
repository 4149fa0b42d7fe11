import path from "node:path";
import { freePort } from "@koinon/machine/free-port";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { waitFor } from "@koinon/testkit/wait-for";
import { findBinary } from "../../clients/binaries.ts";
import { findGeth } from "../../geth/geth-program.ts";
import { blockGas } from "./bench-genesis.ts";

/** A node under measurement. */
export interface BenchNode {
  readonly http: string;
  /** Address of its gRPC, where it has one. */
  readonly grpc: string | undefined;
  readonly pid: number;
  stop(): Promise<void>;
}

/** Where a node keeps what, and what it begins with. */
export interface NodePlace {
  readonly folder: string;
  readonly genesis: string;
}

/** Nodes by name; undefined when the program is not installed. */
export const nodes: Readonly<Record<string, (place: NodePlace) => Promise<BenchNode | undefined>>> = {
  koinon: startKoinon,
  anvil: startAnvil,
  geth: startGethDev,
};

const main = new URL("../../../dist/main.js", import.meta.url).pathname;
const startMs = 600_000;

async function startKoinon({ folder, genesis }: NodePlace): Promise<BenchNode> {
  const [rpc, grpc] = [await freePort(), await freePort()];
  const child = await startChild({
    command: process.execPath,
    args: ["--max-old-space-size=8192", main],
    env: {
      CHAIN_DATA: path.join(folder, "koinon"),
      CHAIN_GENESIS: genesis,
      CHAIN_RPC_LISTEN: `127.0.0.1:${rpc}`,
      RPC_LISTEN: `127.0.0.1:${grpc}`,
      RPC_PLAINTEXT_LOOPBACK: "true",
      CHAIN_MEMPOOL_TRANSACTIONS: "100000",
    },
    ready: /process ready/,
    deadlineMs: startMs,
  });
  return { http: `http://127.0.0.1:${rpc}`, grpc: `127.0.0.1:${grpc}`, pid: child.pid, stop: () => child.stop() };
}

async function startAnvil({ genesis }: NodePlace): Promise<BenchNode | undefined> {
  const program = findBinary("anvil").path;
  if (program === undefined) return undefined;
  const port = await freePort();
  const limits = ["--gas-limit", String(blockGas), "--disable-default-create2-deployer"];
  const child = await startChild({
    command: program,
    args: ["--silent", "--init", genesis, "--port", String(port), "--block-time", "1", ...limits],
  });
  return await answering(child, port);
}

async function startGethDev({ folder, genesis }: NodePlace): Promise<BenchNode | undefined> {
  const program = findGeth();
  if ("missing" in program) return undefined;
  const data = path.join(folder, "geth");
  const init = await startChild({ command: program.file, args: ["init", "--datadir", data, genesis] });
  await init.exited;
  const port = await freePort();
  const child = await startChild({
    command: program.file,
    args: [
      ...["--dev", "--dev.period", "1", "--datadir", data, "--nodiscover", "--maxpeers", "0", "--ipcdisable"],
      ...["--http", "--http.port", String(port), "--http.api", "eth,txpool", "--verbosity", "2"],
      ...["--miner.gaslimit", String(blockGas), "--miner.gasprice", "1", "--txpool.pricelimit", "1"],
      ...["--txpool.accountslots", "4096", "--txpool.globalslots", "200000", "--rpc.batch-request-limit", "0"],
      ...["--rpc.batch-response-max-size", "0", "--cache", "1024"],
    ],
  });
  return await answering(child, port);
}

async function answering(child: Child, port: number): Promise<BenchNode> {
  const http = `http://127.0.0.1:${port}`;
  const ask = async () => {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
    return (await fetch(http, { method: "POST", headers: { "content-type": "application/json" }, body })).ok;
  };
  await waitFor(ask, { deadlineMs: startMs, intervalMs: 100, what: child.lines.slice(-5).join("\n") });
  return { http, grpc: undefined, pid: child.pid, stop: () => child.kill() };
}
