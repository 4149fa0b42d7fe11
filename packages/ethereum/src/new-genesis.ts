import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { initialBaseFeePerGas } from "./base-fee.ts";
import { systemContracts } from "./system-contracts.ts";

/** What a new chain begins with. */
export interface NewChain {
  readonly chainId: bigint;
  readonly gasLimit: bigint;
  /** Seconds since the epoch. */
  readonly timestamp: bigint;
  /** Wei by address. */
  readonly balances: ReadonlyMap<Address, bigint>;
  /** Code of contracts besides the system's that are there from the first block on. */
  readonly contracts?: ReadonlyMap<Address, Hex>;
  /** At most 32 bytes of text in the first header. */
  readonly extraText?: string;
  /** 32 bytes in the first header; chains that differ in nothing else differ by them. Zero when left out. */
  readonly prevRandao?: Hex;
}

/** Rules that hold from the first block on, in the order in which Ethereum got them. */
const blockForks = [
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
  "mergeNetsplitBlock",
];
const timeForks = ["shanghaiTime", "cancunTime", "pragueTime", "osakaTime"];

const zeroRandao: Hex = `0x${"00".repeat(32)}`;

/** EIP-7840, with mainnet's figures. */
const blobSchedule = {
  cancun: { target: 3, max: 6, baseFeeUpdateFraction: 3_338_477 },
  prague: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
  osaka: { target: 6, max: 9, baseFeeUpdateFraction: 5_007_716 },
};

/** The genesis file, in geth's format, of a chain on which every fork up to Osaka is active and the system contracts exist. */
export function newGenesisText(chain: NewChain): string {
  const { chainId, gasLimit, timestamp, balances, extraText = "", prevRandao = zeroRandao } = chain;
  const contracts = [...Object.entries(systemContracts), ...(chain.contracts ?? [])];
  const file = {
    config: {
      chainId: Number(chainId),
      ...Object.fromEntries([...blockForks, ...timeForks].map((name) => [name, 0])),
      terminalTotalDifficulty: 0,
      terminalTotalDifficultyPassed: true,
      blobSchedule,
    },
    nonce: "0x0",
    timestamp: quantity(timestamp),
    extraData: bytesToHex(new TextEncoder().encode(extraText)),
    gasLimit: quantity(gasLimit),
    difficulty: "0x0",
    mixHash: prevRandao,
    baseFeePerGas: quantity(initialBaseFeePerGas),
    alloc: {
      ...Object.fromEntries(contracts.map(([address, code]) => [address, contract(code)])),
      ...Object.fromEntries([...balances].map(([address, balance]) => [address, { balance: quantity(balance) }])),
    },
  };
  return `${JSON.stringify(file, null, 2)}\n`;
}

/** Deployed contracts begin with nonce 1 (EIP-161). */
function contract(code: string): object {
  return { nonce: "0x1", balance: "0x0", code };
}

function quantity(value: bigint): string {
  return `0x${value.toString(16)}`;
}
