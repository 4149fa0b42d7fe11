import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort } from "@koinon/machine/free-port";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import type { Hex } from "@koinon/secp256k1/hex";
import { request } from "undici";
import { NodeError } from "../errors.ts";
import { childArguments } from "./child-arguments.ts";
import type { DataFolder } from "./data-folder.ts";
import { type DevelopmentAnchor, developmentChain, ensureDevelopmentChain } from "./development-chain.ts";
import type { ShardReady } from "./options.ts";
import type { ChildPlan } from "./supervisor.ts";

/** The development shard of a data folder, in a process of its own. */
export interface ShardProcess {
  readonly child: ChildPlan;
  readonly ready: ShardReady;
  /** Who anchors the log to it; undefined for a chain that began without a checkpoint registry. */
  readonly anchor: DevelopmentAnchor | undefined;
  /** Resolves when it answers; throws CHAIN_NOT_SERVING when that takes too long. */
  serves(signal: AbortSignal): Promise<void>;
}

/** Where Ethereum's nodes serve JSON-RPC and its tools look for it. */
const usualPort = 8545;
/** Scripts send one transaction after the other and wait for each; block times run ahead of the clock meanwhile. */
const blockIntervalMs = "100";
const servesWithinMs = 60_000;
const answersWithinMs = 5_000;
const pollMs = 50;
/** The least that a system allows, macOS, less its final zero. */
const socketPathBytesMax = 103;

/** Makes the shard's key and genesis file at the first start, chooses its port, and says how its process is run. */
export async function planShard(
  {
    folder,
    gatewayPort,
    searchPath,
  }: { readonly folder: DataFolder; readonly gatewayPort: number; readonly searchPath: string },
  dependencies: { readonly clock: Clock; readonly random: Random },
): Promise<ShardProcess> {
  const { genesisFile, stateFolder, devKey, prevRandao, anchor } = ensureDevelopmentChain(folder, dependencies);
  // Who asks for any free port for the gateway runs several networks, or tests.
  const port = await freePort(gatewayPort === 0 ? 0 : usualPort);
  const rpc = `http://127.0.0.1:${port}`;
  const env = {
    PATH: searchPath,
    LOG_LEVEL: "warn",
    CHAIN_DATA: stateFolder,
    CHAIN_GENESIS: genesisFile,
    CHAIN_RPC_LISTEN: `127.0.0.1:${port}`,
    // Pages under development come from anywhere; the node has no keys that a page could use.
    CHAIN_RPC_CORS_ORIGINS: "*",
    CHAIN_BLOCK_INTERVAL_MS: blockIntervalMs,
    CHAIN_CACHE_MIB: "32",
    CHAIN_RECOVERY_WORKERS: "1",
    ...operatorEnvironment(path.join(folder.root, developmentChain.socket)),
  };
  return {
    child: { name: "chain", command: process.execPath, args: childArguments("chain"), env },
    ready: { rpc, ws: `ws://127.0.0.1:${port}`, chainId: Number(developmentChain.chainId), devKey },
    anchor,
    serves: (signal) => untilServing(rpc, prevRandao, signal),
  };
}

/** Where the system has no room for the socket's path, the chain has no service for its operator. */
function operatorEnvironment(socket: string): Record<string, string> {
  if (Buffer.byteLength(socket) > socketPathBytesMax) return {};
  return { RPC_LISTEN: `unix:${socket}`, CHAIN_WITHDRAWAL_CALLERS: developmentChain.operator };
}

async function untilServing(rpc: string, prevRandao: Hex, signal: AbortSignal): Promise<void> {
  const limit = AbortSignal.timeout(servesWithinMs);
  while ((await firstRandao(rpc, signal)) !== prevRandao) {
    if (limit.aborted) throw new NodeError({ code: "CHAIN_NOT_SERVING", rpc, waitedMs: servesWithinMs });
    await delay(pollMs, undefined, { signal });
  }
}

/** Of the chain that answers there, if one does: between choosing a port and listening on it, somebody else may have taken it. */
async function firstRandao(rpc: string, signal: AbortSignal): Promise<string | undefined> {
  try {
    const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getBlockByNumber", params: ["0x0", false] });
    const headers = { "content-type": "application/json" };
    const patience = AbortSignal.any([signal, AbortSignal.timeout(answersWithinMs)]);
    const response = await request(rpc, { method: "POST", headers, body, signal: patience });
    const { result } = (await response.body.json()) as { result?: { mixHash?: string } };
    return result?.mixHash;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}
