import { mkdirSync } from "node:fs";
import path from "node:path";
import { parseGenesis } from "@koinon/ethereum/genesis";
import { newGenesisText } from "@koinon/ethereum/new-genesis";
import { readOrCreatePrivateFile } from "@koinon/machine/private-file";
import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import type { DataFolder } from "./data-folder.ts";
import { laptopChainId } from "./trust.ts";

const extraText = "koinon development";

/** What the development chain of every data folder has in common. */
export const developmentChain = {
  /** That of the receipts' signing domain. */
  chainId: laptopChainId,
  /** In the first header: says that this chain's coin is worth nothing. */
  extraData: bytesToHex(new TextEncoder().encode(extraText)),
  /** Of the funded key, in the data folder; private key in hex, for its owner alone. */
  keyFile: path.join("keys", "chain-development-key"),
  genesisFile: path.join("chain", "genesis.json"),
  stateFolder: path.join("chain", "state"),
} as const;

/** Coin that the development key begins with, in wei: a million. */
const funds = 10n ** 24n;
/** Several thousand transfers in a block. */
const gasLimit = 120_000_000n;

/** The development chain of a data folder: its files, and the key that owns all of its coin. */
export interface DevelopmentChain {
  readonly genesisFile: string;
  readonly stateFolder: string;
  readonly devKey: Hex;
  /** Of the first block, at random: tells this chain from every other folder's. */
  readonly prevRandao: Hex;
}

/** Makes key and genesis file at the first start, at random for each folder; the same ones from then on. */
export function ensureDevelopmentChain(
  folder: DataFolder,
  { clock, random }: { clock: Clock; random: Random },
): DevelopmentChain {
  mkdirSync(folder.chain, { recursive: true, mode: 0o700 });
  const keyFile = path.join(folder.root, developmentChain.keyFile);
  const devKey = readOrCreatePrivateFile(keyFile, () => bytesToHex(random.bytes(32))) as Hex;
  const genesisFile = path.join(folder.root, developmentChain.genesisFile);
  const text = readOrCreatePrivateFile(genesisFile, () => {
    const timestamp = BigInt(Math.floor(clock.now() / 1000));
    const balances = new Map([[createSigner(hexToBytes(devKey)).address, funds]]);
    const { chainId } = developmentChain;
    const prevRandao = bytesToHex(random.bytes(32));
    return newGenesisText({ chainId, gasLimit, timestamp, balances, extraText, prevRandao });
  });
  const { prevRandao } = parseGenesis(text).header;
  return { genesisFile, devKey, prevRandao, stateFolder: path.join(folder.root, developmentChain.stateFolder) };
}
