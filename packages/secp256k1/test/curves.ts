import { randomBytes } from "node:crypto";
import type { Curve, CurveImplementation } from "../src/curve.ts";
import { loadPrebuiltCurve } from "../src/curve-prebuilt.ts";
import { pureCurve } from "../src/curve-pure.ts";
import { loadSystemCurve } from "../src/curve-system.ts";

/** An implementation, and why it is not here. */
export type Candidate = { name: CurveImplementation } & (
  | { curve: Curve; missing?: never }
  | { curve?: never; missing: string }
);

/** Every implementation, in the order in which they are preferred in Node. */
export const candidates: readonly Candidate[] = [
  candidate("system", loadSystemCurve({ bytes: randomBytes }), "no libsecp256k1 with recovery is installed"),
  candidate("prebuilt", loadPrebuiltCurve(), "npm secp256k1 has no binding for this platform"),
  candidate("pure", pureCurve, ""),
];

function candidate(name: CurveImplementation, curve: Curve | undefined, missing: string): Candidate {
  return curve === undefined ? { name, missing } : { name, curve };
}
