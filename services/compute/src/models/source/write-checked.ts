import { createHash } from "node:crypto";
import { open } from "node:fs/promises";
import { ModelError } from "../errors.ts";

/** How much may be written and what it has to be. */
export interface ContentBounds {
  readonly what: string;
  readonly limitBytes: number;
  readonly sha256?: string | undefined;
}

/**
 * Writes a stream to a new file, synced, while hashing it. Throws MODEL_TOO_LARGE past the limit and CONTENT_MISMATCH when the
 * content is not the pinned one; the caller removes the file then (it lies in a folder for unfinished work).
 */
export async function writeChecked(
  chunks: AsyncIterable<Uint8Array>,
  target: string,
  bounds: ContentBounds,
  onBytes: (doneBytes: number) => void,
  signal: AbortSignal,
): Promise<{ sha256: string; sizeBytes: number }> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  await using file = await open(target, "wx");
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    sizeBytes += chunk.length;
    if (sizeBytes > bounds.limitBytes) {
      throw new ModelError({ code: "MODEL_TOO_LARGE", what: bounds.what, limitBytes: bounds.limitBytes });
    }
    hash.update(chunk);
    await file.writeFile(chunk);
    onBytes(sizeBytes);
  }
  const sha256 = hash.digest("hex");
  assertSha256(bounds.what, bounds.sha256, sha256);
  await file.sync();
  return { sha256, sizeBytes };
}

/** Throws CONTENT_MISMATCH when a hash was pinned and is another. */
export function assertSha256(what: string, expected: string | undefined, actual: string): void {
  if (expected !== undefined && expected !== actual) {
    throw new ModelError({ code: "CONTENT_MISMATCH", what, expectedSha256: expected, actualSha256: actual });
  }
}
