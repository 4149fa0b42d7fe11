import { createHash } from "node:crypto";
import { expect, test } from "@jest/globals";
import { readManifest } from "./manifest-text.ts";

const bytes = new TextEncoder().encode('{"kind":"chat","name":"m"}');
const hash = `0x${createHash("sha256").update(bytes).digest("hex")}`;

test("a manifest is laid out, and told from one that has another hash", async () => {
  expect(await readManifest(bytes, hash)).toEqual({ text: '{\n  "kind": "chat",\n  "name": "m"\n}', hasHash: true });
  expect(
    await readManifest(
      bytes,
      hash.replace(/.$/, (last) => (last === "0" ? "1" : "0")),
    ),
  ).toMatchObject({ hasHash: false });
  await expect(readManifest(new TextEncoder().encode("{"), hash)).rejects.toThrow(SyntaxError);
});
