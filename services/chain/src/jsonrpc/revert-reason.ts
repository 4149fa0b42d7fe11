/** Selectors of Solidity's own errors: Error(string) and Panic(uint256). */
const errorSelector = 0x08c379a0;
const panicSelector = 0x4e487b71;

/** Solidity's panic codes, in go-ethereum's words. */
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

/** What revert data says when it is Error(string) or Panic(uint256); undefined for anything else. */
export function revertReason(data: Uint8Array): string | undefined {
  if (data.length < 4 + 32) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const selector = view.getUint32(0);
  if (selector === panicSelector) {
    const code = readWord(view, 4);
    return panics.get(code) ?? `unknown panic code: 0x${code.toString(16)}`;
  }
  if (selector !== errorSelector || data.length < 4 + 64) return undefined;
  const offset = readWord(view, 4);
  const start = 4n + offset;
  if (start + 32n > BigInt(data.length)) return undefined;
  const length = readWord(view, Number(start));
  if (start + 32n + length > BigInt(data.length)) return undefined;
  const from = Number(start) + 32;
  return new TextDecoder().decode(data.subarray(from, from + Number(length)));
}

function readWord(view: DataView, offset: number): bigint {
  let word = 0n;
  for (let index = 0; index < 4; index++) word = (word << 64n) | view.getBigUint64(offset + 8 * index);
  return word;
}
