import { type Hex, isHex } from "@koinon/secp256k1/hex";
import { ChainError } from "../errors.ts";

/** A block that has been told of. */
export interface Position {
  readonly number: bigint;
  readonly hash: Hex;
}

/** A block of which some logs have been told: what it was told as, and the index in the block that is next. */
export interface Within {
  readonly kind: "added" | "removed";
  readonly nextLog: number;
}

/** Where a subscription goes on: behind the block, or within it. */
export interface Cursor extends Position {
  readonly within?: Within | undefined;
}

/** `<number>-<hash>`, and within a block `<number>-<hash>-<added or removed>-<next log>`. */
export function formatCursor({ number, hash, within }: Cursor): string {
  const block = `${number}-${hash}`;
  return within === undefined ? block : `${block}-${within.kind}-${within.nextLog}`;
}

/** Throws ChainError CURSOR_INVALID. */
export function parseCursor(text: string): Cursor {
  const [number = "", hash, kind, nextLog = "", ...rest] = text.split("-");
  if (!/^\d{1,20}$/.test(number) || !isHex(hash, 32) || rest.length > 0)
    throw new ChainError({ code: "CURSOR_INVALID" });
  const position = { number: BigInt(number), hash };
  if (kind === undefined) return position;
  if ((kind !== "added" && kind !== "removed") || !/^\d{1,9}$/.test(nextLog)) {
    throw new ChainError({ code: "CURSOR_INVALID" });
  }
  return { ...position, within: { kind, nextLog: Number(nextLog) } };
}
