import { describe, expect, test } from "@jest/globals";
import { canonicalJson } from "@koinon/canonical-json/canonicalize";
import { isJsonObject, type JsonValue } from "@koinon/canonical-json/json-value";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import fc from "fast-check";
import { bundleToJson, createBundle } from "../src/bundle.ts";
import type { Trust } from "../src/trust.ts";
import { verifyBundle } from "../src/verify/verify-bundle.ts";
import { createWorld, type World } from "./world.ts";

const now = 1_700_000_002_000;
const isValid = (bytes: Uint8Array, trust: Trust): boolean =>
  verifyBundle(bytes, trust, { now }, { ed25519: nodeEd25519 }).valid;

const worlds: readonly (readonly [string, World])[] = [
  ["first receipt, no witness", createWorld({ seed: "first" })],
  [
    "with a previous receipt and two witnesses",
    createWorld({ seed: "second", sequence: 4, rotated: true, witnesses: 2, threshold: 2, parents: 1 }),
  ],
  ["anchored, two blocks before the one that is trusted", createWorld({ seed: "anchored", anchorBlocks: 3 })],
];

/** A small deterministic generator: a failing case is repeated by its position alone. */
function createRandom(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

const whiteSpace = new Set([0x20, 0x09, 0x0a, 0x0d]);

describe.each(worlds)("mutations of a bundle: %s", (_name, world) => {
  const bytes = createBundle(world.bundle);

  test("the original verifies", () => {
    expect(isValid(bytes, world.trust)).toBe(true);
  });

  test("replacing any single byte", () => {
    const random = createRandom(1);
    const survivors: number[] = [];
    for (let index = 0; index < bytes.length; index++) {
      const byte = bytes[index] as number;
      // Half of the replacements stay within the alphabet of hex and digits, so that they get past the parser.
      const replacement = random(2) === 0 ? "0123456789abcdef".charCodeAt(random(16)) : byte ^ (1 << random(8));
      if (replacement !== byte && isValid(bytes.with(index, replacement), world.trust)) survivors.push(index);
    }
    expect(survivors).toEqual([]);
  });

  test("removing or inserting any single byte", () => {
    const random = createRandom(2);
    const survivors: string[] = [];
    for (let index = 0; index < bytes.length; index++) {
      const rest = [...bytes.subarray(index)];
      const head = [...bytes.subarray(0, index)];
      if (isValid(Uint8Array.from([...head, ...rest.slice(1)]), world.trust)) survivors.push(`removed ${index}`);
      const inserted = random(2) === 0 ? random(256) : (bytes[index] as number);
      // White space between tokens is the one thing that may change: people format files.
      if (whiteSpace.has(inserted)) continue;
      if (isValid(Uint8Array.from([...head, inserted, ...rest]), world.trust)) survivors.push(`inserted ${index}`);
    }
    expect(survivors).toEqual([]);
  });

  test("cutting it anywhere", () => {
    for (let length = 0; length < bytes.length; length += 7) {
      expect([length, isValid(bytes.subarray(0, length), world.trust)]).toEqual([length, false]);
    }
  });

  test("changing, removing, doubling or exchanging any member or item", () => {
    const original = bundleToJson(world.bundle);
    const text = canonicalJson(original);
    let mutations = 0;
    const survivors: string[] = [];
    for (const [place, mutated] of mutationsOf(original)) {
      const changed = canonicalJson(mutated);
      if (changed === text) continue;
      mutations++;
      if (isValid(new TextEncoder().encode(changed), world.trust)) survivors.push(place);
    }
    expect(survivors).toEqual([]);
    expect(mutations).toBeGreaterThan(600);
  });

  test("giving one member the value of another of the same shape", () => {
    const original = bundleToJson(world.bundle);
    const text = canonicalJson(original);
    const leaves = leavesOf(original, []);
    const survivors: string[] = [];
    let mutations = 0;
    for (const [path, value] of leaves) {
      const donors = leaves.filter(([, other]) => shapeOf(other) === shapeOf(value) && other !== value);
      for (const [donorPath, donor] of donors.slice(0, 12)) {
        const changed = canonicalJson(replaceAt(original, path, donor));
        if (changed === text) continue;
        mutations++;
        if (isValid(new TextEncoder().encode(changed), world.trust))
          survivors.push(`${path.join(".")} := ${donorPath.join(".")}`);
      }
    }
    expect(survivors).toEqual([]);
    expect(mutations).toBeGreaterThan(200);
  });
});

test("the portable Ed25519 refuses changed notes just as well", () => {
  const [, world] = worlds[1] as (typeof worlds)[1];
  const { checkpoint } = world.bundle;
  for (let index = 0; index < checkpoint.length; index += 5) {
    const changed = checkpoint.slice(0, index) + (checkpoint[index] === "A" ? "B" : "A") + checkpoint.slice(index + 1);
    const bytes = createBundle({ ...world.bundle, checkpoint: changed });
    expect([index, verifyBundle(bytes, world.trust).valid]).toEqual([index, false]);
  }
});

describe("generated bundles", () => {
  const amount = fc.bigInt({ min: 0n, max: 10n ** 9n });
  const options = fc
    .record({
      seed: fc.string({ maxLength: 8 }),
      kind: fc.constantFrom("chat" as const, "embedding" as const),
      sequence: fc.nat(3),
      rotated: fc.boolean(),
      inputUnits: amount,
      outputUnits: amount,
      prices: fc.record({ inputPrice: amount, outputPrice: amount, requestPrice: amount }),
      outcome: fc.constantFrom(0, 1),
      parents: fc.nat(3),
      foreign: fc.tuple(fc.nat(9), fc.nat(9), fc.nat(9)),
      witnesses: fc.nat(3),
      anchorBlocks: fc.constantFrom(undefined, 1, 2),
      request: fc.uint8Array({ maxLength: 100 }),
      response: fc.uint8Array({ maxLength: 100 }),
    })
    .chain((record) => fc.nat(record.witnesses).map((threshold) => ({ ...record, threshold })));

  test("verify with their bytes, and not after one random mutation of their JSON", () => {
    fc.assert(
      fc.property(options, fc.nat(), fc.nat(), (worldOptions, bodyChoice, mutationChoice) => {
        const world = createWorld(worldOptions);
        const { request, response } = world.options;
        const given = { request, response, now };
        const bytes = createBundle(world.bundle);
        const verdict = verifyBundle(bytes, world.trust, given, { ed25519: nodeEd25519 });
        const unpassed = verdict.steps.filter(({ status }) => status !== "passed").map(({ name }) => name);
        expect(unpassed).toEqual(worldOptions.anchorBlocks === undefined ? ["anchor"] : []);
        expect(verdict.textChecked).toBe(true);

        const otherBytes = [...response, bodyChoice % 256];
        const other = { ...given, response: Uint8Array.from(otherBytes) };
        expect(verifyBundle(bytes, world.trust, other, { ed25519: nodeEd25519 }).valid).toBe(false);

        const original = bundleToJson(world.bundle);
        const all = [...mutationsOf(original)];
        const [place, mutated] = all[mutationChoice % all.length] as (typeof all)[number];
        fc.pre(canonicalJson(mutated) !== canonicalJson(original));
        const survives = isValid(new TextEncoder().encode(canonicalJson(mutated)), world.trust);
        // Cosignatures beyond the threshold may be left out by the bundle's maker; every line that is there counts.
        expect([place, survives]).toEqual([place, false]);
      }),
      { numRuns: 60 },
    );
  });
});

type Path = readonly (string | number)[];

function* mutationsOf(root: JsonValue): Generator<readonly [place: string, mutated: JsonValue]> {
  for (const [path, value] of nodesOf(root, [])) {
    for (const replacement of replacementsFor(value)) {
      yield [`${path.join(".")} = ${JSON.stringify(replacement)?.slice(0, 80)}`, replaceAt(root, path, replacement)];
    }
    if (path.length > 0) yield [`without ${path.join(".")}`, replaceAt(root, path, undefined)];
  }
}

function replacementsFor(value: JsonValue): JsonValue[] {
  if (value === null) return [false, 0, "", {}, []];
  if (typeof value === "boolean") return [!value, null];
  if (typeof value === "number") return [value + 1, Math.max(0, value - 1), 255, String(value), null];
  if (typeof value === "string") return stringReplacements(value);
  if (Array.isArray(value)) {
    const items: readonly JsonValue[] = value;
    const doubled = items.length > 0 ? [[...items, items[0] as JsonValue], items.slice(1), items.toReversed()] : [];
    return [null, [...items, null], [...items, `0x${"00".repeat(32)}`], ...doubled];
  }
  const names = Object.keys(value);
  const exchanged = Object.fromEntries(
    names.map((name, index) => [name, (value as never)[names[(index + 1) % names.length] as string]]),
  );
  return [null, {}, [], { ...value, extra: null }, exchanged];
}

function stringReplacements(value: string): JsonValue[] {
  const common: JsonValue[] = ["", `${value} `, null, [value]];
  if (/^0x[0-9a-f]+$/.test(value)) {
    const flip = (index: number): string =>
      value.slice(0, index) + (value[index] === "0" ? "1" : "0") + value.slice(index + 1);
    const zero = `0x${"0".repeat(value.length - 2)}`;
    return [
      ...common,
      flip(2),
      flip(value.length - 1),
      flip(value.length >> 1),
      zero,
      value.toUpperCase(),
      `${value}00`,
      value.slice(2),
    ];
  }
  if (/^(0|[1-9][0-9]*)$/.test(value)) {
    const number = BigInt(value);
    return [
      ...common,
      String(number + 1n),
      String(number === 0n ? 7n : number - 1n),
      "0",
      `0${value}`,
      `-${value}`,
      String(2n ** 64n - 1n),
      Number(number),
    ];
  }
  if (value.includes("\n")) {
    const lines = value.split("\n");
    return [
      ...common,
      lines.slice(1).join("\n"),
      `${value}${lines.at(-2)}\n`,
      `${lines[0]}x\n${lines.slice(1).join("\n")}`,
      value.replace("\n\n", "\nextension\n\n"),
    ];
  }
  return [...common, `${value}x`, value.toUpperCase(), value.slice(1)];
}

function* nodesOf(value: JsonValue, path: Path): Generator<readonly [Path, JsonValue]> {
  yield [path, value];
  if (Array.isArray(value)) for (const [index, item] of value.entries()) yield* nodesOf(item, [...path, index]);
  else if (isJsonObject(value))
    for (const [name, member] of Object.entries(value)) yield* nodesOf(member, [...path, name]);
}

function leavesOf(value: JsonValue, path: Path): (readonly [Path, JsonValue])[] {
  return [...nodesOf(value, path)].filter(([, node]) => typeof node !== "object");
}

function shapeOf(value: JsonValue): string {
  if (typeof value !== "string") return typeof value;
  if (value.startsWith("0x")) return `hex ${value.length}`;
  return /^[0-9]+$/.test(value) ? "decimal" : "text";
}

/** A copy with the value at the path replaced; undefined removes it. */
function replaceAt(root: JsonValue, path: Path, replacement: JsonValue | undefined): JsonValue {
  const [head, ...tail] = path;
  if (head === undefined) return replacement ?? null;
  if (Array.isArray(root)) {
    const items: JsonValue[] = root.map((item: JsonValue, index) =>
      index === head ? replaceAt(item, tail, replacement) : item,
    );
    return replacement === undefined && tail.length === 0 ? items.filter((_, index) => index !== head) : items;
  }
  const entries = Object.entries(root as Record<string, JsonValue>).filter(
    ([name]) => !(name === head && replacement === undefined && tail.length === 0),
  );
  return Object.fromEntries(
    entries.map(([name, member]) => [name, name === head ? replaceAt(member, tail, replacement) : member]),
  );
}
