import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { BodyDigest } from "./body-digest.ts";

describe("BodyDigest", () => {
  test("is the SHA-256 of all pieces, however many there are and whichever are empty", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 }), (pieces) => {
        const digest = new BodyDigest();
        for (const piece of pieces) digest.add(piece);
        expect(digest.finish()).toEqual(createHash("sha256").update(Buffer.concat(pieces)).digest());
      }),
    );
  });
});
