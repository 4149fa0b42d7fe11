import { newGenesisText } from "@koinon/ethereum/new-genesis";
import type { Address } from "@koinon/secp256k1/address";
import { signerOf } from "../sample-transactions.ts";

/** Senders with coin in the test genesis: `signerOf(0)` and so on. */
export const richCount = 64;

/** Stands for the deposit contract (EIP-6110): logs what it is called with as a deposit. */
export const depositContract: Address = "0x00000000000000000000000000000000000000dd";
const depositTopic = "649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5";
const logsAsDeposit = `0x365f5f377f${depositTopic}365fa100`;

/** What a test may want otherwise. */
export interface GenesisChoice {
  readonly fork?: "prague" | "osaka";
  readonly gasLimit?: bigint;
  readonly alloc?: Readonly<Record<Address, object>>;
}

interface GenesisJson {
  readonly config: { readonly blobSchedule: object; readonly osakaTime?: number };
  readonly alloc: object;
}

/** A genesis file in geth's format with coin for test senders and the contracts that the protocol calls. */
export function testGenesis({ fork = "osaka", gasLimit = 30_000_000n, alloc = {} }: GenesisChoice = {}): string {
  const rich = Array.from({ length: richCount }, (_, index) => signerOf(index).address);
  const text = newGenesisText({
    chainId: 31_337n,
    gasLimit,
    timestamp: 0x65000000n,
    balances: new Map(rich.map((address) => [address, 10_000n * 10n ** 18n])),
  });
  const genesis = JSON.parse(text) as GenesisJson;
  // Members that are undefined do not get into the text.
  const upTo = fork === "osaka" ? {} : { osakaTime: undefined };
  return JSON.stringify({
    ...genesis,
    config: { ...genesis.config, ...upTo, depositContractAddress: depositContract },
    alloc: { ...genesis.alloc, [depositContract]: { balance: "0x0", nonce: "0x1", code: logsAsDeposit }, ...alloc },
  });
}
