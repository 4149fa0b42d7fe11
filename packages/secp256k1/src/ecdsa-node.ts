import { loadNativeCurve } from "./curve-native.ts";
import { pureCurve } from "./curve-pure.ts";
import { createEcdsa } from "./ecdsa.ts";
import { keccak256 } from "./keccak-node.ts";

/** Signing and recovery on libsecp256k1, or on the pure curve where it has no binding; see `Ecdsa`. */
export const { createSigner, recoverAddress, addressFromPublicKey, implementation } = createEcdsa({
  curve: loadNativeCurve() ?? pureCurve,
  keccak256,
});
