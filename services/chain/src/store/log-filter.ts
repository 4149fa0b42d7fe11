import { type Log, topicsOf } from "@koinon/ethereum/log";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { mixBits } from "@koinon/state/hash-mix";

/**
 * Filters of a block's logs, one for each piece of its transactions, as large as what they hold: a header's bloom has 2,048 bits
 * whatever the block, so that a full block's rules nothing out. On disk: where each filter ends, 4 bytes each, then the filters.
 */
export type LogFilters = Uint8Array;

/** Sixteen bits and six probes a value: one false alarm in a thousand. */
const bytesPerValue = 2;
const probes = 6;
const endBytes = 4;

/** A header's bloom errs less than once in five hundred times up to here. */
const valuesOfBloomMax = 96;

/** Where a value is looked for: two hashes that make all probes. */
interface ValueHash {
  readonly first: number;
  readonly step: number;
}

/** What a log must have: of each group at least one value, be it as address or as any of the topics. */
export type LogQueryHashes = readonly (readonly ValueHash[])[];

/** Prepares a search; groups that name nothing ask for nothing. */
export function hashLogQuery(groups: readonly (readonly Hex[])[]): LogQueryHashes {
  return groups
    .filter((group) => group.length > 0)
    .map((group) => group.map((value) => probesOf(hashOf(hexToBytes(value)))));
}

/** The filters of a block by the logs of its pieces; undefined where the header's bloom is good enough. */
export function encodeLogFilters(pieces: readonly (readonly Log[])[]): LogFilters | undefined {
  const values = pieces.map(hashesOf);
  if (values.reduce((sum, { size }) => sum + size, 0) <= valuesOfBloomMax) return undefined;
  const headBytes = endBytes * pieces.length;
  const total = values.reduce((sum, { size }) => sum + bytesPerValue * size, headBytes);
  const filters = new Uint8Array(total);
  const ends = new DataView(filters.buffer, 0, headBytes);
  let start = headBytes;
  for (const [piece, held] of values.entries()) {
    const end = start + bytesPerValue * held.size;
    ends.setUint32(endBytes * piece, end);
    for (const hash of held) setBits(filters, { start, end }, probesOf(hash));
    start = end;
  }
  return filters;
}

/** False when no log of a piece can be what the query asks for; `pieces` is how many the block has. */
export function pieceMayMatch(
  filters: LogFilters,
  { piece, pieces }: { readonly piece: number; readonly pieces: number },
  query: LogQueryHashes,
): boolean {
  const ends = new DataView(filters.buffer, filters.byteOffset, filters.length);
  const start = piece === 0 ? endBytes * pieces : ends.getUint32(endBytes * (piece - 1));
  const end = ends.getUint32(endBytes * piece);
  return start < end && query.every((group) => group.some((hash) => hasBits(filters, { start, end }, hash)));
}

interface Range {
  readonly start: number;
  readonly end: number;
}

function setBits(filters: Uint8Array, { start, end }: Range, { first, step }: ValueHash): void {
  const bits = 8 * (end - start);
  for (let probe = 0; probe < probes; probe++) {
    const bit = ((first + Math.imul(probe, step)) >>> 0) % bits;
    filters[start + (bit >> 3)] = (filters[start + (bit >> 3)] as number) | (1 << (bit & 7));
  }
}

function hasBits(filters: Uint8Array, { start, end }: Range, { first, step }: ValueHash): boolean {
  const bits = 8 * (end - start);
  for (let probe = 0; probe < probes; probe++) {
    const bit = ((first + Math.imul(probe, step)) >>> 0) % bits;
    if (((filters[start + (bit >> 3)] as number) & (1 << (bit & 7))) === 0) return false;
  }
  return true;
}

/** The hashes of all that these logs can be found by; values of the same hash set the same bits. */
function hashesOf(logs: readonly Log[]): Set<number> {
  const hashes = new Set<number>();
  for (const log of logs) {
    hashes.add(hashOf(hexToBytes(log.address)));
    for (const topic of topicsOf(log)) hashes.add(hashOf(topic));
  }
  return hashes;
}

const digitCodes = Uint8Array.from("0123456789abcdef", (digit) => digit.charCodeAt(0));
const prime = 0x01000193;

/** FNV-1a over the digits. */
function hashOf(value: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < value.length; index++) {
    const byte = value[index] as number;
    hash = Math.imul(hash ^ (digitCodes[byte >> 4] as number), prime);
    hash = Math.imul(hash ^ (digitCodes[byte & 15] as number), prime);
  }
  return hash;
}

/** MurmurHash3's finaliser with two constants: digits alike have hashes alike, and probes that are not. */
function probesOf(hash: number): ValueHash {
  return { first: mixBits(hash), step: mixBits(hash ^ 0x5bd1e995) | 1 };
}
