import type { CurveGroup } from "./curve-group.ts";
import type { FieldCodec } from "./field-codec.ts";
import { type Mcl, type Pointer, sizes } from "./mcl.ts";

/** The sum of two encoded points, or undefined when one is not on the curve (either may be outside the subgroup). */
export function createAddition(group: CurveGroup, mcl: Mcl): (input: Uint8Array) => Uint8Array | undefined {
  const left = mcl._malloc(group.pointBytes);
  const right = mcl._malloc(group.pointBytes);
  return (input) => {
    if (group.read(input, 0, left) === "invalid") return undefined;
    if (group.read(input, group.encodedBytes, right) === "invalid") return undefined;
    group.add(left, left, right);
    return group.write(left);
  };
}

// Pippenger's method gains little beyond it, and mcl's memory stays small whatever the input.
const pointsPerPass = 256;

/**
 * The sum of encoded points times 32-byte scalars, or undefined when a point is not on the curve or `isMember` says that
 * it is outside the subgroup. The input is whole pairs.
 */
export function createMultiplication(
  group: CurveGroup,
  isMember: (input: Uint8Array, offset: number, point: Pointer) => boolean,
  { mcl, codec }: { mcl: Mcl; codec: FieldCodec },
): (input: Uint8Array) => Uint8Array | undefined {
  const points = mcl._malloc(pointsPerPass * group.pointBytes);
  const scalars = mcl._malloc(pointsPerPass * sizes.fr);
  const partial = mcl._malloc(group.pointBytes);
  const sum = mcl._malloc(group.pointBytes);

  return (input) => {
    group.clear(sum);
    let count = 0;
    const addPass = (): void => {
      if (count === 0) return;
      group.multiplyAll(partial, points, scalars, count);
      group.add(sum, sum, partial);
      count = 0;
    };
    for (let offset = 0; offset < input.length; offset += group.encodedBytes + 32) {
      const point = points + count * group.pointBytes;
      const kind = group.read(input, offset, point);
      if (kind === "infinity") continue;
      if (kind === "invalid" || !isMember(input, offset, point)) return undefined;
      codec.readScalar(input, offset + group.encodedBytes, scalars + count * sizes.fr);
      count += 1;
      if (count === pointsPerPass) addPass();
    }
    addPass();
    return group.write(sum);
  };
}
