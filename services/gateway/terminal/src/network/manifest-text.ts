/** A manifest as people read it, and whether its bytes have the hash that names it; undefined where the browser can not tell. */
export interface ManifestText {
  readonly text: string;
  readonly hasHash: boolean | undefined;
}

/** Hashes and lays out the bytes of a manifest. Throws SyntaxError for what is no JSON. */
export async function readManifest(bytes: Uint8Array<ArrayBuffer>, hash: string): Promise<ManifestText> {
  const text = JSON.stringify(JSON.parse(new TextDecoder().decode(bytes)), null, 2);
  // Pages that came over plain HTTP from another machine have no SubtleCrypto.
  const subtle: SubtleCrypto | undefined = globalThis.crypto.subtle;
  if (subtle === undefined) return { text, hasHash: undefined };
  const digest = new Uint8Array(await subtle.digest("SHA-256", bytes));
  return { text, hasHash: `0x${[...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("")}` === hash };
}
