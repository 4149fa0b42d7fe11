import { readFile } from "node:fs/promises";
import { type Genesis, parseGenesis } from "@koinon/ethereum/genesis";
import type { ChainOptions } from "./chain.ts";
import type { ChainModuleConfig } from "./config.ts";
import { type JwtSecret, parseJwtSecret } from "./engine/rpc/jwt.ts";
import { ChainError } from "./errors.ts";

/** As geth has it: larger ones are not handed on between nodes. */
const transactionBytesMax = 131_072;

/** Reads the genesis file; throws EthereumError, or the file system's error. */
export async function readGenesis(file: string): Promise<Genesis> {
  return parseGenesis(await readFile(file, "utf8"));
}

/** How a chain runs under these settings. */
export function chainOptionsOf(config: ChainModuleConfig, genesis: Genesis): ChainOptions {
  return {
    genesis,
    store: {
      path: config.dataFolder,
      historyBlocks: config.historyBlocks,
      archive: config.archive,
      cacheBytes: config.cacheMebibytes * 2 ** 20,
    },
    engine: {
      gasLimitTarget: config.gasLimit === 0n ? genesis.header.gasLimit : config.gasLimit,
      extraData: new TextEncoder().encode("koinon"),
      sliceMs: 20,
      buildsAhead: config.proposer === "solo",
      candidatesMax: 16,
      rememberedMax: 256,
      orphansMax: 256,
      orphanBytesMax: 64 * 2 ** 20,
      codeCacheBytes: 64 * 2 ** 20,
    },
    mempool: {
      minTip: config.minTip,
      transactionBytesMax,
      allowUnprotected: true,
      refuseBelowBaseFee: false,
      transactionsMax: config.mempoolTransactions,
      bytesMax: config.mempoolTransactions * 1_024 + 16 * transactionBytesMax,
      senderTransactionsMax: config.senderTransactions,
      senderQueuedMax: Math.min(config.senderTransactions, 64),
      priceBumpPercent: 10,
      queuedLifetimeMs: 3 * 60 * 60_000,
    },
    journalsPool: config.mempoolJournal,
    ingest: {
      workers: config.recoveryWorkers,
      transactionBytesMax,
      transactionsMax: 32_768,
      bytesMax: 64 * 2 ** 20,
      waitersMax: 1_024,
    },
    calls: {
      callGasMax: config.callGas,
      threads: config.callThreads,
      waitingMax: 1_000,
      callTimeoutMs: config.callTimeoutMs,
      searchTimeoutMs: Math.max(config.callTimeoutMs, 30_000),
      cacheBytes: 16 * 2 ** 20,
    },
  };
}

/** Whether withdrawals are asked for here: by callers that are named, of a chain that this process proposes. */
export function queuesWithdrawals({ proposer, engineUrl, withdrawalCallers }: ChainModuleConfig): boolean {
  return proposer === "solo" && engineUrl === undefined && withdrawalCallers.length > 0;
}

/** The secret of the Engine API; throws ChainError `SETTING_INVALID` when it is missing or no secret. */
export function engineSecret({ engineJwt }: ChainModuleConfig): JwtSecret {
  const secret = engineJwt === undefined ? undefined : parseJwtSecret(engineJwt.reveal());
  if (secret !== undefined) return secret;
  throw new ChainError({ code: "SETTING_INVALID", variable: "CHAIN_ENGINE_JWT", reason: "is not 32 bytes in hex" });
}

/** Where JSON-RPC is served; undefined for nowhere. Throws like `listenAddress`. */
export function rpcAddress({ rpcListen, engineUrl }: ChainModuleConfig): { host: string; port: number } | undefined {
  // The other client's own JSON-RPC is likely to have the usual port.
  const address = rpcListen ?? (engineUrl === undefined ? "127.0.0.1:8545" : "off");
  return address === "off" ? undefined : listenAddress("CHAIN_RPC_LISTEN", address);
}

/** Host and port of an address to listen on; throws ChainError `SETTING_INVALID`. */
export function listenAddress(variable: string, address: string): { host: string; port: number } {
  const { host, port } = /^(?<host>.+):(?<port>\d{1,5})$/.exec(address)?.groups ?? {};
  if (host === undefined || Number(port) > 65_535) {
    throw new ChainError({ code: "SETTING_INVALID", variable, reason: "is not host:port" });
  }
  return { host: host.replace(/^\[(.*)\]$/, "$1"), port: Number(port) };
}
