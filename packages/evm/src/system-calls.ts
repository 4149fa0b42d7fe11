import type { Log } from "@koinon/ethereum/log";
import { requestTypes } from "@koinon/ethereum/requests";
import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import type { BlockExecution } from "./block-execution.ts";
import { depositRequestData } from "./deposits.ts";
import { BlockError } from "./fault.ts";
import { noBytes } from "./frame.ts";

/** The caller of system calls (EIP-4788). */
const systemAddress: Address = "0xfffffffffffffffffffffffffffffffffffffffe";
/** Gas of a system call; it counts in no block. */
const systemCallGas = 30_000_000;

/** Contracts that the protocol calls, at the same address on every chain. */
export const systemContracts = {
  /** EIP-4788. */
  beaconRoots: "0x000f3df6d732807ef1319fb7b8bb8522d0beac02",
  /** EIP-2935. */
  history: "0x0000f90827f1c53a10cb7a02335b175320002935",
  /** EIP-7002. */
  withdrawalRequests: "0x00000961ef480eb55e80d19ad83579a64c007002",
  /** EIP-7251. */
  consolidationRequests: "0x0000bbddc7ce488642fb579f8b00f3a590007251",
} as const satisfies Record<string, Address>;

/** What a block tells its contracts before its transactions. */
export interface BlockPrelude {
  readonly parentHash: Hex;
  readonly parentBeaconBlockRoot: Hex;
}

/** Runs what comes before a block's transactions: EIP-4788, and from Prague on EIP-2935. Where the contract is not there nothing happens. */
export function beginBlock(execution: BlockExecution, { parentHash, parentBeaconBlockRoot }: BlockPrelude): void {
  callSystem(execution, systemContracts.beaconRoots, hexToBytes(parentBeaconBlockRoot));
  if (execution.rules.historyContract) callSystem(execution, systemContracts.history, hexToBytes(parentHash));
}

/**
 * Collects a block's requests (EIP-7685) after its transactions and withdrawals, each as its type byte and data, in order, without the
 * empty ones; none before Prague. Throws BlockError when a contract is missing or fails, or a deposit is malformed.
 */
export function collectRequests(
  execution: BlockExecution,
  { logs, depositContract }: { readonly logs: Iterable<Log>; readonly depositContract: Address },
): Uint8Array[] {
  if (!execution.rules.requests) return [];
  const { withdrawalRequests, consolidationRequests } = systemContracts;
  const requests = [
    request(requestTypes.deposit, depositRequestData(logs, depositContract)),
    request(requestTypes.withdrawal, dequeue(execution, withdrawalRequests)),
    request(requestTypes.consolidation, dequeue(execution, consolidationRequests)),
  ];
  return requests.filter(({ length }) => length > 1);
}

function request(type: number, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(1 + data.length);
  bytes[0] = type;
  bytes.set(data, 1);
  return bytes;
}

/** Takes what a contract has queued; EIP-7002 and EIP-7251 make the block invalid when that can not be done. */
function dequeue(execution: BlockExecution, address: Address): Uint8Array {
  const { hasCode, failure, output } = callSystem(execution, address, noBytes);
  if (!hasCode) throw new BlockError({ code: "SYSTEM_CONTRACT_MISSING", address });
  if (failure !== undefined) throw new BlockError({ code: "SYSTEM_CALL_FAILED", address, failure });
  return output;
}

function callSystem(
  execution: BlockExecution,
  target: Address,
  input: Uint8Array,
): ReturnType<BlockExecution["systemCall"]> {
  return execution.systemCall({ caller: systemAddress, target, input, gas: systemCallGas });
}
