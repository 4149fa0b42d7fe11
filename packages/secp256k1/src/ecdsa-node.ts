import { randomBytes } from "node:crypto";
import type { Curve } from "./curve.ts";
import { loadPrebuiltCurve } from "./curve-prebuilt.ts";
import { pureCurve } from "./curve-pure.ts";
import { loadSystemCurve } from "./curve-system.ts";
import { createEcdsa } from "./ecdsa.ts";
import { keccak256InPlace } from "./keccak-node.ts";

let curve: Curve | undefined;

// At first use: a command that neither signs nor recovers does not wait for libraries.
function fastestCurve(): Curve {
  curve ??= loadSystemCurve({ bytes: (length) => randomBytes(length) }) ?? loadPrebuiltCurve() ?? pureCurve;
  return curve;
}

/** Signing and recovery on the system's libsecp256k1, on the one that npm brings, or on the pure curve; see `Ecdsa`. */
export const { createSigner, recoverAddress, addressFromPublicKey, implementation } = createEcdsa({
  curve: fastestCurve,
  keccak256InPlace,
});
