/** A file that somebody gave. */
export interface GivenFile {
  readonly name: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A bundle, and the bytes it speaks about where they were given too. */
export interface GivenProof {
  readonly bundle: Uint8Array<ArrayBuffer>;
  readonly request: Uint8Array<ArrayBuffer> | null;
  readonly response: Uint8Array<ArrayBuffer> | null;
}

/** Larger files are not read: a bundle has at most 1 MiB, an answer at most 8. */
export const givenBytesMax = 8 << 20;

/** Tells the bundle by what is in it, request and response by their names; null when there is no bundle. */
export function sortGivenFiles(files: readonly GivenFile[]): GivenProof | null {
  const bundle = files.find(({ bytes }) => looksLikeBundle(bytes)) ?? (files.length === 1 ? files[0] : undefined);
  if (bundle === undefined) return null;
  const others = files.filter((file) => file !== bundle);
  const named = (word: string): Uint8Array<ArrayBuffer> | null =>
    others.find(({ name }) => name.toLowerCase().includes(word))?.bytes ?? null;
  return { bundle: bundle.bytes, request: named("request"), response: named("response") };
}

/** A look at the beginning only: whether it really is one is for the verification to say. */
function looksLikeBundle(bytes: Uint8Array): boolean {
  return /"format"\s*:\s*"koinon\.bundle\//.test(new TextDecoder().decode(bytes));
}
