import { createRequire } from "node:module";
import type { LibraryHandle } from "koffi";

/**
 * Names of libsecp256k1 by platform, the newest and fastest release first: 0.8, 0.7, 0.6, 0.3 to 0.5, 0.2, and before the first
 * release. The functions used are the same in all of them; a later name may stand for another interface, and is not tried.
 * On macOS these are the folders of Homebrew and MacPorts: a name alone would also be looked for in the current folder, from
 * which nobody wants code, as on Windows, where it is not looked for at all.
 */
const names: Readonly<Record<string, readonly string[]>> = {
  linux: [7, 6, 5, 2, 1, 0].map((version) => `libsecp256k1.so.${version}`),
  darwin: ["/opt/homebrew/lib", "/usr/local/lib", "/opt/local/lib"].map((folder) => `${folder}/libsecp256k1.dylib`),
};

/** The calls used of libsecp256k1, with the parameters of its headers; all but the first give 1, or 0 for failure. */
export interface SystemLibrary {
  createContext(flags: number): bigint;
  randomizeContext(context: bigint, seed: Uint8Array): number;
  verifyPrivateKey(context: bigint, privateKey: Uint8Array): number;
  createPublicKey(context: bigint, point: Uint8Array, privateKey: Uint8Array): number;
  parsePublicKey(context: bigint, point: Uint8Array, bytes: Uint8Array, length: number): number;
  serializePublicKey(
    context: bigint,
    bytes: Uint8Array,
    length: BigUint64Array,
    point: Uint8Array,
    flags: number,
  ): number;
  signRecoverable(
    context: bigint,
    signature: Uint8Array,
    digest: Uint8Array,
    privateKey: Uint8Array,
    nonceFunction: null,
    nonceData: null,
  ): number;
  serializeSignature(context: bigint, compact: Uint8Array, recoveryId: Int32Array, signature: Uint8Array): number;
  parseSignature(context: bigint, signature: Uint8Array, compact: Uint8Array, recoveryId: number): number;
  recover(context: bigint, point: Uint8Array, signature: Uint8Array, digest: Uint8Array): number;
}

/** The libsecp256k1 with public key recovery that the dynamic loader finds, or undefined. Loaded anew in every thread. */
export function loadSystemLibrary(): SystemLibrary | undefined {
  const { platform } = process;
  const load = names[platform] === undefined ? undefined : loadForeignFunctions();
  if (load === undefined) return undefined;
  for (const name of names[platform] ?? []) {
    try {
      return bind(load(name));
    } catch {
      // Not installed under this name, or built without recovery.
    }
  }
  return undefined;
}

// Without a binary for the platform its package can not be loaded.
function loadForeignFunctions(): ((name: string) => LibraryHandle) | undefined {
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof import("koffi");
    return (name) => koffi.load(name);
  } catch {
    return undefined;
  }
}

function bind(library: LibraryHandle): SystemLibrary {
  // Arrays are passed as what they are: the library reads and writes them in place.
  const bytes = "void *";
  const status = (name: string, ...parameters: string[]): ReturnType<LibraryHandle["func"]> =>
    library.func(`secp256k1_${name}`, "int", ["void *", ...parameters]);
  return {
    createContext: library.func("secp256k1_context_create", "void *", ["uint"]),
    randomizeContext: status("context_randomize", bytes),
    verifyPrivateKey: status("ec_seckey_verify", bytes),
    createPublicKey: status("ec_pubkey_create", bytes, bytes),
    parsePublicKey: status("ec_pubkey_parse", bytes, bytes, "size_t"),
    serializePublicKey: status("ec_pubkey_serialize", bytes, "void *", bytes, "uint"),
    signRecoverable: status("ecdsa_sign_recoverable", bytes, bytes, bytes, "void *", "void *"),
    serializeSignature: status("ecdsa_recoverable_signature_serialize_compact", bytes, "void *", bytes),
    parseSignature: status("ecdsa_recoverable_signature_parse_compact", bytes, bytes, "int"),
    recover: status("ecdsa_recover", bytes, bytes, bytes),
  };
}
