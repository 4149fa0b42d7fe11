import { createKeccak } from "hash-wasm";

// WebAssembly compiles asynchronously, so the hasher is made while this module loads; hashing itself is synchronous.
const hasher = await createKeccak(256);

/** Keccak-256, as Ethereum uses it (not SHA3-256). */
export function keccak256(bytes: Uint8Array): Uint8Array {
  hasher.init();
  hasher.update(bytes);
  return hasher.digest("binary");
}
