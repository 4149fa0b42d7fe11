import { writeFileSync } from "node:fs";
import path from "node:path";
import { freePort } from "@koinon/machine/free-port";
import { parseTrust, trustToJson } from "@koinon/receipts/trust";
import { checkpointRegistryAbi, checkpointRegistryBytecode } from "@koinon/solidity/artifacts/checkpoint-registry";
import { type Child, startChild } from "@koinon/testkit/child-process";
import type { Hex } from "viem";
import { generatePrivateKey, privateKeyToAddress } from "viem/accounts";
import { chainClients } from "./chain-clients.ts";
import { koinon, koinonBin } from "./koinon-command.ts";

/** A shard with a checkpoint registry, for a log to anchor to. */
export interface AnchorChain {
  readonly rpc: string;
  readonly chainId: number;
  readonly registry: Hex;
  /** poi's settings for it. */
  readonly env: Readonly<Record<string, string>>;
  /** The trust file with this chain, no block of which is known yet. */
  trustWithChain(trust: Uint8Array): string;
  stop(): Promise<void>;
}

const chainId = 4_711;

/** Starts a shard of its own in a folder and deploys the registry. */
export async function startAnchorChain(folder: string): Promise<AnchorChain> {
  const key = generatePrivateKey();
  const [genesis, keyFile] = [path.join(folder, "genesis.json"), path.join(folder, "anchor-key")];
  writeFileSync(keyFile, key, { mode: 0o600 });
  const fund = `${privateKeyToAddress(key)}=10`;
  const init = await koinon(["chain", "init", genesis, "--chain-id", String(chainId), "--fund", fund, "--json"]);
  if (init.code !== 0) throw new Error(`koinon chain init ended with ${init.code}: ${init.stderr}`);
  const port = await freePort();
  const rpc = `http://127.0.0.1:${port}`;
  const child = await startShard(folder, genesis, port);
  const registry = await deployRegistry({ rpc, ws: rpc.replace("http", "ws"), chainId, devKey: key });
  const env = {
    ...{ POI_ANCHOR_RPC_URL: rpc, POI_ANCHOR_CHAIN_ID: String(chainId), POI_ANCHOR_REGISTRY: registry },
    ...{ POI_ANCHOR_KEY_FILE: keyFile, POI_ANCHOR_INTERVAL_MS: "500" },
  };
  const chain = { chainId: BigInt(chainId), registry, blocks: [] };
  const trustWithChain = (trust: Uint8Array) =>
    JSON.stringify(trustToJson({ ...parseTrust(trust), anchoring: { chains: [chain], required: false } }));
  return { rpc, chainId, registry, env, trustWithChain, stop: () => child.stop() };
}

function startShard(folder: string, genesis: string, port: number): Promise<Child> {
  const place = ["--data", path.join(folder, "shard"), "--genesis", genesis, "--port", String(port)];
  return startChild({
    command: process.execPath,
    args: [koinonBin, "start", "chain", ...place],
    env: { CHAIN_BLOCK_INTERVAL_MS: "200" },
    ready: /process ready/,
    deadlineMs: 60_000,
  });
}

async function deployRegistry(shard: Parameters<typeof chainClients>[0]): Promise<Hex> {
  const { reader, wallet } = chainClients(shard);
  const hash = await wallet.deployContract({ abi: checkpointRegistryAbi, bytecode: checkpointRegistryBytecode });
  const { contractAddress } = await reader.waitForTransactionReceipt({ hash });
  if (contractAddress == null) throw new Error("the registry was not deployed");
  return contractAddress.toLowerCase() as Hex;
}
