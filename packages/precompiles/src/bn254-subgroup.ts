import type { FieldCodec } from "./field-codec.ts";
import { type Mcl, type Pointer, sizes } from "./mcl.ts";

// The parameter that the BN family's polynomials are evaluated at to give this curve's field and order, without its first bit.
const parameterBits = 4965661367192848881n.toString(2).slice(1);

// (9 + i) to the power (p - 1) / 3 and (p - 1) / 2, real before imaginary: what the endomorphism multiplies x and y with.
const factorOfX =
  "2fb347984f7911f74c0bec3cf559b143b78cc310c2c3330c99e39557176f553d16c9e55061ebae204ba4cc8bd75a079432ae2a1d0b7c9dce1665d51c640fcba2";
const factorOfY =
  "063cf305489af5dcdc5ec698b6e2f9b9dbaae0eda9c95998dc54014671a0135a07c03cbcac41049a0704b5a7ec796f2b21807dc98fa25bd282d37f632623b0e3";

/**
 * Whether a point of bn254's twist is in G2. With u the curve's parameter and psi the untwisted Frobenius endomorphism it is
 * exactly when [u+1]P + psi([u]P) + psi^2([u]P) = psi^3([2u]P) (Dai, Lin, Zhao, Zhou, "Fast Subgroup Membership Testings for
 * G1, G2 and GT on Pairing-friendly Curves", IACR ePrint 2022/348): a multiplication by 63 bits instead of by the 254 of the order.
 */
export function createBn254G2Check(mcl: Mcl, codec: FieldCodec): (point: Pointer) => boolean {
  const [multiple, left, right] = [0, 1, 2].map(() => mcl._malloc(sizes.g2)) as [Pointer, Pointer, Pointer];
  const applyPsi = createPsi(mcl, codec);

  return (point) => {
    // Double and add: mcl's own multiplication relies on the point being in the group.
    mcl._mclBnG2_normalize(multiple, point);
    for (const bit of parameterBits) {
      mcl._mclBnG2_dbl(multiple, multiple);
      if (bit === "1") mcl._mclBnG2_add(multiple, multiple, point);
    }
    mcl._mclBnG2_dbl(right, multiple);
    for (let times = 0; times < 3; times++) applyPsi(right);
    mcl._mclBnG2_add(left, multiple, point);
    for (let times = 0; times < 2; times++) {
      applyPsi(multiple);
      mcl._mclBnG2_add(left, left, multiple);
    }
    return mcl._mclBnG2_isEqual(left, right) === 1;
  };
}

/** psi in place: every coordinate conjugated, x and y times their factors. The factors leave the z of mcl's Jacobian form alone. */
function createPsi(mcl: Mcl, codec: FieldCodec): (point: Pointer) => void {
  const factorX = readFactor(factorOfX, mcl, codec);
  const factorY = readFactor(factorOfY, mcl, codec);
  return (point) => {
    const [x, y, z] = [point, point + 2 * sizes.fp, point + 4 * sizes.fp];
    for (const coordinate of [x, y, z]) mcl._mclBnFp_neg(coordinate + sizes.fp, coordinate + sizes.fp);
    mcl._mclBnFp2_mul(x, x, factorX);
    mcl._mclBnFp2_mul(y, y, factorY);
  };
}

function readFactor(hex: string, mcl: Mcl, codec: FieldCodec): Pointer {
  const bytes = Buffer.from(hex, "hex");
  const factor = mcl._malloc(2 * sizes.fp);
  codec.readElement(bytes, 0, factor);
  codec.readElement(bytes, codec.wordBytes, factor + sizes.fp);
  return factor;
}
