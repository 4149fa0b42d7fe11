import { DomainError } from "@koinon/errors/domain-error";

/** What is wrong with a file of blocks. */
export type BlockFileFault =
  /** `offset` is where the block begins that can not be read, in bytes. */
  | { code: "BLOCK_FILE_MALFORMED"; offset: number; reason: string }
  | { code: "BLOCK_FILE_ELSEWHERE"; block: bigint; reason: string }
  | { code: "BLOCK_REFUSED"; block: bigint; reason: string };

/** Thrown while blocks are imported; those before are on the chain. */
export class BlockFileError extends DomainError<BlockFileFault> {}

/** Blocks before Osaka have no limit but their gas; nobody makes larger ones. */
const itemBytesMax = 64 * 2 ** 20;

/** A block's RLP and where it begins in its file. */
export interface BlockPiece {
  readonly bytes: Uint8Array;
  readonly offset: number;
}

/**
 * Cuts a stream into the blocks that it is made of: RLP lists one after the other, as `geth export` writes them. Holds one block
 * and one chunk at a time. Throws BlockFileError `BLOCK_FILE_MALFORMED`.
 */
export async function* blockPieces(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<BlockPiece> {
  let rest: Uint8Array = new Uint8Array(0);
  let offset = 0;
  for await (const chunk of chunks) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const length = listBytes(rest, offset);
      if (length === undefined || length > rest.length) break;
      yield { bytes: rest.subarray(0, length), offset };
      rest = rest.subarray(length);
      offset += length;
    }
  }
  if (rest.length > 0) throw malformed(offset, "it ends in the middle of a block");
}

/** Length of the list that begins here, prefix included; undefined while too little of it is there. */
function listBytes(bytes: Uint8Array, offset: number): number | undefined {
  const first = bytes[0];
  if (first === undefined) return undefined;
  if (first < 0xc0) throw malformed(offset, "no RLP list begins here");
  const lengthBytes = first <= 0xf7 ? 0 : first - 0xf7;
  if (bytes.length < 1 + lengthBytes) return undefined;
  let length = lengthBytes === 0 ? first - 0xc0 : 0;
  for (let index = 1; index <= lengthBytes; index++) length = length * 256 + (bytes[index] as number);
  if (length > itemBytesMax) throw malformed(offset, `a block of ${length} bytes`);
  return 1 + lengthBytes + length;
}

function malformed(offset: number, reason: string): BlockFileError {
  return new BlockFileError({ code: "BLOCK_FILE_MALFORMED", offset, reason });
}
