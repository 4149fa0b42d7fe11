import { randomBytes } from "node:crypto";
import { expect, test } from "@jest/globals";
import { commitmentOf } from "@koinon/receipts/commitment";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { nativeCommitment } from "./native-commitment.ts";

test("is the commitment that receipts define", () => {
  for (let round = 0; round < 20; round++) {
    const [blinding, digest] = [randomBytes(32), randomBytes(32)];
    const opening = { blinding: bytesToHex(blinding), digest: bytesToHex(digest) };
    expect(nativeCommitment(blinding, digest)).toBe(commitmentOf(opening));
  }
});
