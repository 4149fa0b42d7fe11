import { existsSync, mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type Genesis, parseGenesis } from "@koinon/ethereum/genesis";
import { newGenesisText } from "@koinon/ethereum/new-genesis";
import { readOrCreatePrivateFile } from "@koinon/machine/private-file";
import { type Anchoring, noAnchoring } from "@koinon/receipts/trust";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import { type Address, parseAddress } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { checkpointRegistryDeployedBytecode } from "@koinon/solidity/artifacts/checkpoint-registry";
import type { DataFolder } from "./data-folder.ts";
import { laptopChainId } from "./trust.ts";

const extraText = "koinon development";

/** What the development chain of every data folder has in common. */
export const developmentChain = {
  /** That of the receipts' signing domain. */
  chainId: laptopChainId,
  /** In the first header: says that this chain's coin is worth nothing. */
  extraData: bytesToHex(new TextEncoder().encode(extraText)),
  /** Of the checkpoint registry, there from the first block on: "KOINON" in ASCII, and 1. */
  registry: parseAddress("0x4b4f494e4f4e0000000000000000000000000001"),
  /** Of the funded key, in the data folder; private key in hex, for its owner alone. */
  keyFile: path.join("keys", "chain-development-key"),
  /** Of the key that anchors the log and pays for it. */
  anchorKeyFile: path.join("keys", "chain-anchor-key"),
  genesisFile: path.join("chain", "genesis.json"),
  stateFolder: path.join("chain", "state"),
  /** gRPC of the running chain, for the folder's owner alone. */
  socket: path.join("run", "chain.sock"),
  /** What the command line calls itself on that socket. */
  operator: "operator",
} as const;

/** Coin that the development key begins with, in wei: a million. */
const funds = 10n ** 24n;
/** Coin for anchors, in wei: a thousand, at 100,000 gas of 2 gwei for five million of them. */
const anchorFunds = 10n ** 21n;
/** Several thousand transfers in a block. */
const gasLimit = 120_000_000n;

/** The development chain of a data folder: its files, and the key that owns nearly all of its coin. */
export interface DevelopmentChain {
  readonly genesisFile: string;
  readonly stateFolder: string;
  readonly devKey: Hex;
  /** Of the first block, at random: tells this chain from every other folder's. */
  readonly prevRandao: Hex;
  /** Undefined for a chain that was begun without a checkpoint registry. */
  readonly anchor: DevelopmentAnchor | undefined;
}

/** Who anchors the log. */
export interface DevelopmentAnchor {
  readonly key: Hex;
}

/** Makes keys and genesis file at the first start, at random for each folder; the same ones from then on. */
export function ensureDevelopmentChain(
  folder: DataFolder,
  { clock, random }: { clock: Clock; random: Random },
): DevelopmentChain {
  mkdirSync(folder.chain, { recursive: true, mode: 0o700 });
  const key = (file: string) =>
    readOrCreatePrivateFile(path.join(folder.root, file), () => bytesToHex(random.bytes(32))) as Hex;
  const devKey = key(developmentChain.keyFile);
  const genesisFile = path.join(folder.root, developmentChain.genesisFile);
  const text = readOrCreatePrivateFile(genesisFile, () =>
    newGenesisText({
      ...{ chainId: developmentChain.chainId, gasLimit, timestamp: BigInt(Math.floor(clock.now() / 1000)) },
      balances: new Map([
        [addressOf(devKey), funds],
        [addressOf(key(developmentChain.anchorKeyFile)), anchorFunds],
      ]),
      contracts: new Map([[developmentChain.registry, checkpointRegistryDeployedBytecode]]),
      ...{ extraText, prevRandao: bytesToHex(random.bytes(32)) },
    }),
  );
  const genesis = parseGenesis(text);
  const { prevRandao } = genesis.header;
  const stateFolder = path.join(folder.root, developmentChain.stateFolder);
  const anchor = hasRegistry(genesis) ? { key: key(developmentChain.anchorKeyFile) } : undefined;
  return { genesisFile, devKey, prevRandao, stateFolder, anchor };
}

/**
 * What readers are told to believe of the folder's chain: its checkpoint registry, and no block. Blocks come all the time, and
 * whoever has the chain can ask it for them; so the trust file stays as it is from the first start on.
 */
export function developmentAnchoring(folder: DataFolder): Anchoring {
  const file = path.join(folder.root, developmentChain.genesisFile);
  if (!existsSync(file) || !hasRegistry(parseGenesis(readFileSync(file, "utf8")))) return noAnchoring;
  const { chainId, registry } = developmentChain;
  return { chains: [{ chainId, registry, blocks: [] }], required: false };
}

function hasRegistry({ alloc }: Genesis): boolean {
  const account = alloc.get(developmentChain.registry);
  return account !== undefined && bytesToHex(account.code) === checkpointRegistryDeployedBytecode;
}

function addressOf(privateKey: Hex): Address {
  return createSigner(hexToBytes(privateKey)).address;
}
