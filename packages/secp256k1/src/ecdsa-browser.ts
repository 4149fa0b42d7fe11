import { pureCurve } from "./curve-pure.ts";
import { createEcdsa } from "./ecdsa.ts";
import { keccak256InPlace } from "./keccak-browser.ts";

/** Signing and recovery in plain JavaScript; see `Ecdsa`. */
export const { createSigner, recoverAddress, addressFromPublicKey, implementation } = createEcdsa({
  curve: pureCurve,
  keccak256InPlace,
});
