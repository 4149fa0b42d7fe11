import { groupOrder } from "./bls12-381-curve.ts";
import { sha256 } from "./hashes.ts";
import { compressedBytes, verifyOpening } from "./kzg.ts";
import type { Precompile } from "./precompile.ts";

// EIP-4844: VERSIONED_HASH_VERSION_KZG and FIELD_ELEMENTS_PER_BLOB.
const versionOfKzg = 0x01;
const elementsPerBlob = 4096;

/**
 * 0x0a (EIP-4844): checks that the blob behind a versioned hash has the value y at z; input is hash, z, y, commitment and
 * proof. Fails unless it has; else answers with the number of elements of a blob and the order of the field.
 */
export const pointEvaluation: Precompile = {
  name: "KZG_POINT_EVALUATION",
  gas: () => 50_000,
  run(input) {
    if (input.length !== 96 + 2 * compressedBytes) return undefined;
    const commitment = input.subarray(96, 96 + compressedBytes);
    const proof = input.subarray(96 + compressedBytes);
    if (!isVersionedHash(input.subarray(0, 32), commitment)) return undefined;
    if (verifyOpening(commitment, input.subarray(32, 64), input.subarray(64, 96), proof) !== true) return undefined;

    const output = new Uint8Array(64);
    new DataView(output.buffer).setUint32(28, elementsPerBlob);
    output.set(groupOrder, 32);
    return output;
  },
};

function isVersionedHash(hash: Uint8Array, commitment: Uint8Array): boolean {
  const expected = Uint8Array.from(sha256.run(commitment) ?? []);
  expected[0] = versionOfKzg;
  return Buffer.compare(hash, expected) === 0;
}
