import { invariant } from "@koinon/errors/invariant";
import type { Curve } from "./curve.ts";
import { loadSystemLibrary, type SystemLibrary } from "./system-library.ts";

// secp256k1.h: for signing and verifying, which releases from 0.2 on do in any context; and an uncompressed key.
const contextFlags = (1 << 0) | (1 << 8) | (1 << 9);
const uncompressed = 1 << 1;

/**
 * The libsecp256k1 of the operating system, or undefined where there is none with recovery, or one that does not give the
 * bytes it should. `bytes` draws what blinds the library's work on keys against side channels; results do not depend on it.
 */
export function loadSystemCurve(randomness: { bytes(length: number): Uint8Array }): Curve | undefined {
  const library = loadSystemLibrary();
  if (library === undefined) return undefined;
  const context = library.createContext(contextFlags);
  if (library.randomizeContext(context, randomness.bytes(32)) !== 1) return undefined;
  const curve = createSystemCurve(library, context);
  return isSound(curve) ? curve : undefined;
}

function createSystemCurve(library: SystemLibrary, context: bigint): Curve {
  // The sizes of the library's structures are part of its interface. Nothing here outlives a call, so one of each will do.
  const point = new Uint8Array(64);
  const parsed = new Uint8Array(65);
  const written = new Uint8Array(65);
  const writtenLength = new BigUint64Array(1);
  const recoveryId = new Int32Array(1);

  /** Writes `point` as 65 bytes, into the same array every time. */
  const writePoint = (): Uint8Array => {
    writtenLength[0] = 65n;
    invariant(
      library.serializePublicKey(context, written, writtenLength, point, uncompressed) === 1,
      "a point is written",
    );
    return written;
  };

  return {
    implementation: "system",
    isPrivateKey: (privateKey) => library.verifyPrivateKey(context, exactly(32, privateKey)) === 1,
    isPublicKey: (publicKey) => library.parsePublicKey(context, point, exactly(65, publicKey), 65) === 1,
    publicKey(privateKey) {
      if (library.createPublicKey(context, point, exactly(32, privateKey)) !== 1) throw new RangeError("private key");
      return writePoint().slice();
    },
    sign(digest, privateKey) {
      const key = exactly(32, privateKey);
      // Without a nonce function the library's own, which is RFC 6979.
      const isSigned = library.signRecoverable(context, parsed, exactly(32, digest), key, null, null) === 1;
      if (!isSigned) throw new RangeError("private key");
      const compact = new Uint8Array(64);
      invariant(library.serializeSignature(context, compact, recoveryId, parsed) === 1, "a signature is written");
      return { compact, recoveryId: recoveryId[0] as number };
    },
    recover(digest, compact, id) {
      // The library ends the process for another id.
      if (id !== 0 && id !== 1 && id !== 2 && id !== 3) throw new RangeError("recovery id");
      const isRecovered =
        library.parseSignature(context, parsed, exactly(64, compact), id) === 1 &&
        library.recover(context, point, parsed, exactly(32, digest)) === 1;
      if (!isRecovered) throw new RangeError("signature");
      return writePoint();
    },
  };
}

/** What goes over to C has the length that C reads, whoever calls. */
function exactly(length: number, bytes: Uint8Array): Uint8Array {
  invariant(bytes.length === length, "the length has been checked");
  return bytes;
}

// Trezor's vector for RFC 6979 on this curve: key 1 signs SHA-256("Satoshi Nakamoto"); its public key is SEC 2's generator.
const example = {
  digest: Buffer.from("a0dc65ffca799873cbea0ac274015b9526505daaaed385155425f7337704883e", "hex"),
  privateKey: new Uint8Array(32).fill(1, 31),
  compact: Buffer.from(
    "934b1ea10a4b3c1757e2b0c017d0b6143ce3c9a7e6a4a49860d7a6ab210ee3d82442ce9d2b916064108014783e923ec36b49743e2ffa1c4496f01a512aafd9e5",
    "hex",
  ),
  publicKey: Buffer.from(
    "0479be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798483ada7726a3c4655da4fbfc0e1108a8fd17b448a68554199c47d08ffb10d4b8",
    "hex",
  ),
};

/** Any file may bear the library's name: one that does not sign and recover a published example is left alone. */
function isSound(curve: Curve): boolean {
  try {
    const { compact, recoveryId } = curve.sign(example.digest, example.privateKey);
    const recovered = curve.recover(example.digest, compact, recoveryId);
    return example.compact.equals(compact) && example.publicKey.equals(recovered);
  } catch {
    return false;
  }
}
