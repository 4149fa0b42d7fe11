import { open, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import fc from "fast-check";
import { HeaderTruncated } from "./cursor.ts";
import { parseGgufHeader, readGgufFile } from "./read.ts";
import type { GgufMetadata, GgufValue } from "./values.ts";
import { type TensorToWrite, writeGguf } from "./write.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const numbers = {
  u8: fc.integer({ min: 0, max: 255 }),
  i8: fc.integer({ min: -128, max: 127 }),
  u16: fc.integer({ min: 0, max: 65_535 }),
  i16: fc.integer({ min: -32_768, max: 32_767 }),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  i32: fc.integer(),
  f32: fc.float({ noNaN: true }),
  f64: fc.double({ noNaN: true }),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  bool: fc.boolean(),
  string: fc.string({ unit: "binary" }),
} as const;
const types = Object.keys(numbers) as (keyof typeof numbers)[];
const scalar = fc.oneof(...types.map((type) => numbers[type].map((value) => ({ type, value }))));
const array = fc.oneof(
  ...types.map((of) => fc.array<unknown>(numbers[of]).map((values) => ({ type: "array", of, values }))),
);
const anyMetadata = fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(scalar, array) as fc.Arbitrary<GgufValue>);

async function write(metadata: GgufMetadata, tensors: readonly TensorToWrite[]): Promise<string> {
  const file = path.join(folder.path, "model.gguf");
  await rm(file, { force: true });
  await using handle = await open(file, "wx");
  await writeGguf(handle, metadata, tensors);
  return file;
}

const tensor = (name: string, shape: readonly number[], type: "F32" | "F16" = "F32"): TensorToWrite => ({
  name,
  shape,
  type,
  bytes: async () => new Uint8Array(shape.reduce((a, b) => a * b, 1) * (type === "F32" ? 4 : 2)).fill(7),
});

describe("GGUF", () => {
  test("what is written is read back, whatever the metadata", async () => {
    await fc.assert(
      fc.asyncProperty(anyMetadata, async (entries) => {
        const metadata = new Map(Object.entries(entries).filter(([key]) => key !== "general.alignment"));
        const header = await readGgufFile(await write(metadata, [tensor("a", [3, 5]), tensor("b", [2], "F16")]));
        expect(header.metadata).toEqual(metadata);
        expect(header.tensors.map(({ name, shape, sizeBytes }) => [name, shape, sizeBytes])).toEqual([
          ["a", [3, 5], 60],
          ["b", [2], 4],
        ]);
        expect(header.tensors.every(({ offset }) => offset % 32 === 0)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  const metadata: GgufMetadata = new Map([["general.name", { type: "string", value: "x" }]]);

  async function bytesOf(): Promise<Buffer> {
    const file = await write(metadata, [tensor("a", [8])]);
    return Buffer.from(await (await import("node:fs/promises")).readFile(file));
  }

  test("cut anywhere, it is refused", async () => {
    const whole = await bytesOf();
    for (let length = 0; length < whole.length; length++) {
      const file = path.join(folder.path, "cut.gguf");
      await writeFile(file, whole.subarray(0, length));
      await expect([
        length,
        await readGgufFile(file).then(
          () => "read",
          () => "refused",
        ),
      ]).toEqual([length, "refused"]);
    }
  });

  test("damage is named", async () => {
    const whole = await bytesOf();
    const damaged = (offset: number, value: number) => {
      const copy = Buffer.from(whole);
      copy.writeUInt32LE(value, offset);
      return () => parseGgufHeader(copy, copy.length);
    };
    expect(damaged(0, 1)).toThrow("not a GGUF file");
    expect(damaged(4, 9)).toThrow("version 9");
    expect(damaged(8, 2 ** 31)).toThrow("tensor count");
    expect(damaged(16, 2 ** 31)).toThrow("metadata count");
    expect(damaged(24, 2 ** 30)).toThrow("string length");
    // 24 + 8 + 12 is the value's type.
    expect(damaged(44, 13)).toThrow("metadata type 13");
    const name = whole.indexOf("a", 60, "latin1");
    expect(damaged(name + 1, 0)).toThrow("0 dimensions");
    expect(damaged(name + 5, 0)).toThrow("no sane size");
    expect(damaged(name + 13, 4)).toThrow("unknown type 4");
    expect(damaged(name + 17, 16)).toThrow("not aligned");
    expect(damaged(name + 17, 32)).toThrow("ends after the file");
  });

  test("repeated keys and tensors, overlaps and odd blocks are refused", async () => {
    const file = await write(metadata, [tensor("a", [8]), tensor("a", [8])]);
    await expect(readGgufFile(file)).rejects.toMatchObject({
      code: "GGUF_INVALID",
      message: expect.stringContaining("repeated"),
    });
    const whole = await bytesOf();
    expect(() => parseGgufHeader(whole.subarray(0, 30), whole.length)).toThrow(HeaderTruncated);
    const odd = new Map<string, GgufValue>([["general.alignment", { type: "u32", value: 12 }]]);
    await expect(readGgufFile(await write(odd, []))).rejects.toThrow("alignment 12");
  });
});
