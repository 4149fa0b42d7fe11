import type { BlockRef, ChainBlock, ChainHeader, ChainReader } from "../chain-view.ts";
import { serverError } from "./json-rpc-error.ts";

/** The header of a block that a state or an execution is asked for; throws "header not found" or "header for hash not found". */
export function requiredHeader(reader: ChainReader, ref: BlockRef): ChainHeader {
  const header = reader.header(ref);
  if (header === undefined) throw serverError(isHash(ref) ? "header for hash not found" : "header not found");
  return header;
}

function isHash(ref: BlockRef): boolean {
  return typeof ref === "string" && ref.startsWith("0x");
}

/** A block that is to be traced or shown raw; throws "block … not found". */
export function requiredBlock(reader: ChainReader, ref: BlockRef): ChainBlock {
  const block = reader.block(ref);
  if (block === undefined) throw serverError(`block ${typeof ref === "bigint" ? `#${ref}` : ref} not found`);
  return block;
}
