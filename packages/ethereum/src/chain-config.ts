import type { Address } from "@koinon/secp256k1/address";
import type { BlobParameters } from "./blob-fee.ts";
import { EthereumError } from "./fault.ts";
import type { Fork } from "./fork.ts";
import { type ForkActivation, ForkSchedule } from "./fork-schedule.ts";
import { type GenesisObject, malformed } from "./genesis-json.ts";

/** The rules of a chain. */
export interface ChainConfig {
  readonly chainId: bigint;
  readonly forks: ForkSchedule;
  /** Whose logs are deposits (EIP-6110); the zero address, which logs nothing, when there is none. */
  readonly depositContractAddress: Address;
}

/** Forks that must hold from the first block on and be written down, as geth wants them. */
const requiredBlocks = [
  "homesteadBlock",
  "eip150Block",
  "eip155Block",
  "eip158Block",
  "byzantiumBlock",
  "constantinopleBlock",
  "petersburgBlock",
  "istanbulBlock",
  "berlinBlock",
  "londonBlock",
];

const optionalBlocks = ["muirGlacierBlock", "arrowGlacierBlock", "grayGlacierBlock", "mergeNetsplitBlock"];

const timestamps = [
  ["cancunTime", "cancun", "cancun"],
  ["pragueTime", "prague", "prague"],
  ["osakaTime", "osaka", "osaka"],
  ["bpo1Time", "bpo1", "osaka"],
  ["bpo2Time", "bpo2", "osaka"],
  ["bpo3Time", "bpo3", "osaka"],
  ["bpo4Time", "bpo4", "osaka"],
  ["bpo5Time", "bpo5", "osaka"],
] as const;

/** Members that say nothing about rules from the first block on. */
const otherNames = [
  "chainId",
  "shanghaiTime",
  "terminalTotalDifficulty",
  "terminalTotalDifficultyPassed",
  "daoForkSupport",
  "depositContractAddress",
  "blobSchedule",
  "ethash",
];

const knownNames: ReadonlySet<string> = new Set([
  ...requiredBlocks,
  ...optionalBlocks,
  ...timestamps.map(([name]) => name),
  ...otherNames,
]);

/**
 * Reads `config` of a genesis file. Only chains that follow Cancun, and proof of stake, from their first block are supported;
 * throws EthereumError `GENESIS_UNSUPPORTED` for others and for members it does not know, `GENESIS_MALFORMED` for nonsense.
 */
export function parseChainConfig(config: GenesisObject, genesisTimestamp: bigint): ChainConfig {
  const stranger = config.names().find((name) => config.has(name) && !knownNames.has(name));
  if (stranger !== undefined) throw unsupported(stranger, "no such rule is known");
  for (const name of requiredBlocks) {
    if (!config.has(name)) throw unsupported(name, "must be 0");
  }
  for (const name of [...requiredBlocks, ...optionalBlocks]) {
    if (config.integer(name, 256, 0n) !== 0n) throw unsupported(name, "must be 0");
  }
  if (!config.has("terminalTotalDifficulty") || config.integer("terminalTotalDifficulty", 256) !== 0n) {
    throw unsupported("terminalTotalDifficulty", "must be 0");
  }
  if (config.has("daoForkSupport") && config.boolean("daoForkSupport")) {
    throw unsupported("daoForkSupport", "must be false");
  }
  for (const name of ["shanghaiTime", "cancunTime"]) {
    if (!config.has(name) || config.integer(name, 64) > genesisTimestamp) {
      throw unsupported(name, "must not be after the genesis block");
    }
  }
  if (config.integer("shanghaiTime", 64) > config.integer("cancunTime", 64)) {
    throw malformed("config.shanghaiTime", "after cancunTime");
  }
  return {
    chainId: config.integer("chainId", 256),
    forks: parseForks(config),
    depositContractAddress: config.fixedHex("depositContractAddress", 20),
  };
}

function parseForks(config: GenesisObject): ForkSchedule {
  const activations: ForkActivation[] = [];
  for (const [member, name, fork] of timestamps) {
    if (!config.has(member)) continue;
    const activation = { name, fork, timestamp: config.integer(member, 64), blobs: parseBlobs(config, name) };
    const before = activations.at(-1);
    if (before !== undefined && before.timestamp > activation.timestamp) {
      throw malformed(`config.${member}`, `before ${before.name}`);
    }
    assertFollows(member, fork, before?.fork);
    activations.push(activation);
  }
  return new ForkSchedule(activations);
}

// A fork includes those before it; a file that leaves one out would be read differently by different clients.
function assertFollows(member: string, fork: Fork, before: Fork | undefined): void {
  const needed = ({ cancun: undefined, prague: "cancun", osaka: "prague" } as const)[fork];
  if (before !== needed && before !== fork) throw unsupported(member, `needs ${needed ?? "no fork"} before it`);
}

function parseBlobs(config: GenesisObject, name: string): BlobParameters {
  const path = `config.blobSchedule.${name}`;
  if (!config.has("blobSchedule")) throw malformed(path, "missing");
  const schedule = config.object("blobSchedule");
  if (!schedule.has(name)) throw malformed(path, "missing");
  const blobs = schedule.object(name);
  const target = Number(blobs.integer("target", 64));
  const max = Number(blobs.integer("max", 64));
  const baseFeeUpdateFraction = blobs.integer("baseFeeUpdateFraction", 64);
  if (max === 0 || max > 4_096 || target > max)
    throw malformed(path, "target and max must be 0 ≤ target ≤ max ≤ 4096, max not 0");
  if (baseFeeUpdateFraction === 0n) throw malformed(path, "baseFeeUpdateFraction must not be 0");
  return { target, max, baseFeeUpdateFraction };
}

function unsupported(name: string, reason: string): EthereumError {
  return new EthereumError({ code: "GENESIS_UNSUPPORTED", path: `config.${name}`, reason });
}
