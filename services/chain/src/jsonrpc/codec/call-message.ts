import type { AccessListEntry, Authorization } from "@koinon/ethereum/transaction";
import type { CallMessage } from "../../chain-view.ts";
import { serverError } from "../json-rpc-error.ts";
import { readAddress, readBytes, readWord } from "./bytes.ts";
import { ObjectReader, readList } from "./object.ts";
import { readQuantity, readQuantity32, readQuantity64 } from "./quantity.ts";
import { malformed } from "./value-error.ts";

/** A message with the chain that it is for, undefined when the caller does not care. */
export interface ChainMessage extends CallMessage {
  readonly chainId: bigint | undefined;
}

/** Entries of an access list that a message may have; a block could not hold more. */
const accessListMax = 20_000;
const authorizationsMax = 1_000;

/** Reads the transaction object of eth_call and its kin; members that do not matter here are ignored, as geth does. */
export function readCallMessage(value: unknown): ChainMessage {
  const members = new ObjectReader(value, "transaction");
  if (members.has("blobVersionedHashes") || members.has("blobs"))
    throw malformed("blob transactions are not supported");
  const gasPrice = members.optional("gasPrice", readQuantity);
  const maxFeePerGas = members.optional("maxFeePerGas", readQuantity);
  const maxPriorityFeePerGas = members.optional("maxPriorityFeePerGas", readQuantity);
  if (gasPrice !== undefined && (maxFeePerGas !== undefined || maxPriorityFeePerGas !== undefined)) {
    throw serverError("both gasPrice and (maxFeePerGas or maxPriorityFeePerGas) specified");
  }
  members.optional("type", readQuantity32);
  return {
    from: members.optional("from", readAddress),
    to: members.optional("to", readAddress),
    gas: members.optional("gas", readQuantity64),
    gasPrice,
    maxFeePerGas,
    maxPriorityFeePerGas,
    value: members.optional("value", readQuantity),
    data: readInput(members),
    nonce: members.optional("nonce", readQuantity64),
    chainId: members.optional("chainId", readQuantity),
    accessList: members.optional("accessList", readList(readAccessListEntry, accessListMax)),
    authorizationList: members.optional("authorizationList", readList(readAuthorization, authorizationsMax)),
  };
}

// "data" is the older name; both may be there when they agree.
function readInput(members: ObjectReader): Uint8Array | undefined {
  const input = members.optional("input", readBytes);
  const data = members.optional("data", readBytes);
  if (input !== undefined && data !== undefined && Buffer.compare(input, data) !== 0) {
    throw malformed('both "data" and "input" are set and not equal. Please use "input" to pass transaction call data');
  }
  return input ?? data;
}

function readAccessListEntry(value: unknown): AccessListEntry {
  const members = new ObjectReader(value, "access list entry");
  return {
    address: members.required("address", readAddress),
    storageKeys: members.optional("storageKeys", readList(readWord, accessListMax)) ?? [],
  };
}

function readAuthorization(value: unknown): Authorization {
  const members = new ObjectReader(value, "authorization");
  return {
    chainId: members.required("chainId", readQuantity),
    address: members.required("address", readAddress),
    nonce: members.required("nonce", readQuantity64),
    yParity: members.required("yParity", readQuantity32),
    r: members.required("r", readSignatureWord),
    s: members.required("s", readSignatureWord),
  };
}

// Clients write r and s as quantities or as 32 bytes.
function readSignatureWord(value: unknown): bigint {
  return typeof value === "string" && value.length === 66 ? readWord(value) : readQuantity(value);
}
