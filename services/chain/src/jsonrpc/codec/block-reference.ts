import type { BlockRef, BlockTag } from "../../chain-view.ts";
import { serverError } from "../json-rpc-error.ts";
import { readHash } from "./bytes.ts";
import { ObjectReader, readBoolean } from "./object.ts";
import { readQuantity64 } from "./quantity.ts";
import { malformed } from "./value-error.ts";

const blockTags: readonly BlockTag[] = ["latest", "pending", "safe", "finalized", "earliest"];

/** A block by height, or by a name that moves. */
export type BlockHeight = bigint | BlockTag;

/** No block has a number from here on: clients read a signed 64-bit integer. */
const numberLimit = 2n ** 63n;

/** Reads a block number or tag. */
export function readBlockHeight(value: unknown): BlockHeight {
  const tag = blockTags.find((name) => name === value);
  if (tag !== undefined) return tag;
  const number = readQuantity64(value);
  if (number >= numberLimit) throw malformed("blocknumber too high");
  return number;
}

/**
 * Reads a block number, tag, hash or an EIP-1898 object. `requireCanonical` changes nothing: blocks that are not part of the chain
 * are not found in any case.
 */
export function readBlockReference(value: unknown): BlockRef {
  if (typeof value === "string" && value.length === 66) return readHash(value);
  if (typeof value !== "object" || value === null) return readBlockHeight(value);
  const members = new ObjectReader(value, "block");
  if (!members.has("blockHash") && !members.has("blockNumber")) {
    throw serverError("invalid arguments; neither block nor hash specified");
  }
  if (!members.has("blockHash")) return members.required("blockNumber", readBlockHeight);
  if (members.has("blockNumber")) {
    throw malformed("cannot specify both BlockHash and BlockNumber, choose one or the other");
  }
  members.optional("requireCanonical", readBoolean);
  return members.required("blockHash", readHash);
}
