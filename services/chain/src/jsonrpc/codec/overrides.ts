import type { Address } from "@koinon/secp256k1/address";
import type { AccountOverride, BlockOverrides, StateOverrides } from "../../chain-view.ts";
import { SlotWords } from "../../slot-words.ts";
import { serverError } from "../json-rpc-error.ts";
import { readAddress, readBytes, readHash, readSlot, readWord } from "./bytes.ts";
import { ObjectReader } from "./object.ts";
import { readQuantity, readQuantity64 } from "./quantity.ts";
import { malformed } from "./value-error.ts";

/** Bounds of what a call may replace; the body's size bounds it as well. */
const accountsMax = 10_000;
const slotsMax = 100_000;

/** Reads state overrides (geth's "state override set"). */
export function readStateOverrides(value: unknown): StateOverrides {
  const entries = new ObjectReader(value, "state override").entries();
  if (entries.length > accountsMax) throw malformed(`more than ${accountsMax} accounts overridden`);
  const overrides = new Map<Address, AccountOverride>();
  for (const [name, account] of entries) {
    const address = readAddress(name);
    if (overrides.has(address)) throw malformed(`account ${address} is overridden twice`);
    overrides.set(address, readAccountOverride(address, account));
  }
  return overrides;
}

function readAccountOverride(address: Address, value: unknown): AccountOverride {
  const members = new ObjectReader(value, `override of ${address}`);
  const state = members.optional("state", readSlots);
  const stateDiff = members.optional("stateDiff", readSlots);
  if (state !== undefined && stateDiff !== undefined) {
    throw serverError(`account ${address} has both 'state' and 'stateDiff'`);
  }
  return defined({
    nonce: members.optional("nonce", readQuantity64),
    balance: members.optional("balance", readQuantity),
    code: members.optional("code", readBytes),
    movePrecompileTo: members.optional("movePrecompileToAddress", readAddress),
    state,
    stateDiff,
  });
}

function readSlots(value: unknown): SlotWords {
  const entries = new ObjectReader(value, "storage override").entries();
  if (entries.length > slotsMax) throw malformed(`more than ${slotsMax} slots overridden`);
  return new SlotWords(entries.map(([slot, word]) => [readSlot(slot), readWord(word)]));
}

/** Reads block overrides, in geth's names and in those of other clients. */
export function readBlockOverrides(value: unknown): BlockOverrides {
  const members = new ObjectReader(value, "block override");
  for (const name of ["beaconRoot", "withdrawals"]) {
    if (members.has(name)) throw malformed(`block override "${name}" is not supported for this RPC method`);
  }
  return readHeaderOverrides(members);
}

/** The overrides that a block header takes. */
export function readHeaderOverrides(members: ObjectReader): BlockOverrides {
  return defined({
    number: members.optional("number", readQuantity64),
    timestamp: members.optional("time", readQuantity64) ?? members.optional("timestamp", readQuantity64),
    gasLimit: members.optional("gasLimit", readQuantity64),
    beneficiary: members.optional("feeRecipient", readAddress) ?? members.optional("coinbase", readAddress),
    prevRandao: members.optional("prevRandao", readHash) ?? members.optional("random", readHash),
    baseFeePerGas: members.optional("baseFeePerGas", readQuantity) ?? members.optional("baseFee", readQuantity),
    baseFeePerBlobGas: members.optional("blobBaseFee", readQuantity),
  });
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** The members that have a value. */
function defined<T extends object>(members: T): Defined<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Defined<T>;
}
