/** How many bytes of an answer's end are kept to look for its usage: more than any usage object with what may follow it. */
export const usageTailBytes = 2_048;

/** The token counts that an answer states about itself. */
export interface StatedUsage {
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
}

const marker = Buffer.from('"usage":');
const objectStart = 0x7b;

/**
 * Finds the `usage` object that an OpenAI answer (or the last event of its stream) ends with; undefined when it states none.
 * Inside a JSON string the quotes would be escaped, so text that talks about usage is never taken for it.
 */
export function findStatedUsage(tail: Buffer): StatedUsage | undefined {
  for (let at = tail.lastIndexOf(marker); at !== -1; at = at === 0 ? -1 : tail.lastIndexOf(marker, at - 1)) {
    const start = skipSpaces(tail, at + marker.length);
    if (tail[start] !== objectStart) continue;
    return readUsage(tail.toString("utf8", start));
  }
  return undefined;
}

/** Keeps the last `usageTailBytes` of a stream of chunks, by reference. */
export class Tail {
  readonly #chunks: Uint8Array[] = [];
  #sizeBytes = 0;

  push(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#sizeBytes += chunk.length;
    for (
      let first = this.#chunks[0];
      first && this.#sizeBytes - first.length >= usageTailBytes;
      first = this.#chunks[0]
    ) {
      this.#chunks.shift();
      this.#sizeBytes -= first.length;
    }
  }

  bytes(): Buffer {
    const [first] = this.#chunks;
    const whole = this.#chunks.length === 1 && first ? bufferOn(first) : Buffer.concat(this.#chunks);
    return whole.subarray(-usageTailBytes);
  }
}

function bufferOn(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

function readUsage(text: string): StatedUsage | undefined {
  const end = objectEnd(text);
  if (end === undefined) return undefined;
  let usage: unknown;
  try {
    usage = JSON.parse(text.slice(0, end));
  } catch {
    return undefined;
  }
  const { prompt_tokens, completion_tokens } = usage as { prompt_tokens?: unknown; completion_tokens?: unknown };
  if (!isCount(prompt_tokens)) return undefined;
  // Embeddings state no completion tokens.
  return {
    inputUnits: BigInt(prompt_tokens),
    outputUnits: isCount(completion_tokens) ? BigInt(completion_tokens) : 0n,
  };
}

// Usage objects hold numbers, nulls and nested objects of the same; no strings with braces.
function objectEnd(text: string): number | undefined {
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    if (text[index] === "{") depth++;
    if (text[index] === "}" && --depth === 0) return index + 1;
  }
  return undefined;
}

function skipSpaces(bytes: Buffer, from: number): number {
  let at = from;
  while (bytes[at] === 0x20) at++;
  return at;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
