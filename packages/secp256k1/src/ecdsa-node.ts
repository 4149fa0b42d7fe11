import { randomBytes } from "node:crypto";
import { loadPrebuiltCurve } from "./curve-prebuilt.ts";
import { loadSystemCurve } from "./curve-system.ts";
import { createEcdsa } from "./ecdsa.ts";
import { keccak256InPlace } from "./keccak-node.ts";

// The pure curve takes longer to load than all the rest of this package: only who needs it does.
const curve =
  loadSystemCurve({ bytes: (length) => randomBytes(length) }) ??
  loadPrebuiltCurve() ??
  (await import("./curve-pure.ts")).pureCurve;

/** Signing and recovery on the system's libsecp256k1, on the one that npm brings, or on the pure curve; see `Ecdsa`. */
export const { createSigner, recoverAddress, addressFromPublicKey, implementation } = createEcdsa({
  curve,
  keccak256InPlace,
});
