import { toHex } from "./quantity.ts";

const errorSelector = 0x08c379a0;
const panicSelector = 0x4e487b71;

/** What Solidity's panic codes mean, in geth's words. */
const panics: ReadonlyMap<bigint, string> = new Map([
  [0x00n, "generic panic"],
  [0x01n, "assert(false)"],
  [0x11n, "arithmetic underflow or overflow"],
  [0x12n, "division or modulo by zero"],
  [0x21n, "enum overflow"],
  [0x22n, "invalid encoded storage byte array accessed"],
  [0x31n, "out-of-bounds array access; popping on an empty array"],
  [0x32n, "out-of-bounds access of an array or bytesN"],
  [0x41n, "out of memory"],
  [0x51n, "uninitialized function"],
]);

/** The reason in revert data, when it encodes Solidity's Error(string) or Panic(uint256); undefined otherwise. */
export function revertReason(data: Uint8Array): string | undefined {
  if (data.length < 36) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const selector = view.getUint32(0);
  if (selector === errorSelector) return errorText(data, view);
  if (selector !== panicSelector) return undefined;
  const code = wordAt(view, 4);
  return panics.get(code) ?? `unknown panic code: ${toHex(code)}`;
}

function errorText(data: Uint8Array, view: DataView): string | undefined {
  const offset = wordAt(view, 4);
  if (offset > BigInt(data.length - 36)) return undefined;
  const start = 4 + Number(offset);
  const length = wordAt(view, start);
  if (length > BigInt(data.length - start - 32)) return undefined;
  return new TextDecoder().decode(data.subarray(start + 32, start + 32 + Number(length)));
}

function wordAt(view: DataView, offset: number): bigint {
  let word = 0n;
  for (let index = 0; index < 32; index += 8) word = (word << 64n) | view.getBigUint64(offset + index);
  return word;
}
