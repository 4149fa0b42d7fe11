import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import type { Hex } from "@koinon/secp256k1/hex";
import type { BlockOverrides, StateOverrides } from "../../chain-view.ts";
import { readHash } from "./bytes.ts";
import { type ChainMessage, readCallMessage } from "./call-message.ts";
import { ObjectReader, readBoolean, readList } from "./object.ts";
import { readHeaderOverrides, readStateOverrides } from "./overrides.ts";
import { readWithdrawal } from "./withdrawal.ts";

/** One block of eth_simulateV1. */
export interface SimulatedBlockInput {
  readonly overrides: BlockOverrides;
  readonly beaconRoot: Hex | undefined;
  readonly withdrawals: readonly Withdrawal[];
  readonly state: StateOverrides | undefined;
  readonly calls: readonly ChainMessage[];
}

/** What eth_simulateV1 is asked. */
export interface SimulationInput {
  readonly blocks: readonly SimulatedBlockInput[];
  /** Adds a log for every movement of native coin. */
  readonly traceTransfers: boolean;
  /** Applies the rules of transactions: nonces, fees. */
  readonly validation: boolean;
  readonly returnFullTransactions: boolean;
}

// The body's size bounds these too; what a simulation may hold is checked where it is known how many there are in all.
const itemsMax = 10_000;

/** Reads the first parameter of eth_simulateV1. */
export function readSimulation(value: unknown): SimulationInput {
  const members = new ObjectReader(value, "simulation");
  return {
    blocks: members.required("blockStateCalls", readList(readBlock, itemsMax)),
    traceTransfers: members.optional("traceTransfers", readBoolean) ?? false,
    validation: members.optional("validation", readBoolean) ?? false,
    returnFullTransactions: members.optional("returnFullTransactions", readBoolean) ?? false,
  };
}

function readBlock(value: unknown): SimulatedBlockInput {
  const members = new ObjectReader(value, "block");
  const header = members.optional("blockOverrides", (given) => new ObjectReader(given, "block override"));
  return {
    overrides: header === undefined ? {} : readHeaderOverrides(header),
    beaconRoot: header?.optional("beaconRoot", readHash),
    withdrawals: header?.optional("withdrawals", readList(readWithdrawal, itemsMax)) ?? [],
    state: members.optional("stateOverrides", readStateOverrides),
    calls: members.optional("calls", readList(readCallMessage, itemsMax)) ?? [],
  };
}
