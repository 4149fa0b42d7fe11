import { describe, expect, test } from "@jest/globals";
import { createBundle } from "../src/bundle.ts";
import { type StepName, stepNames } from "../src/verify/verification.ts";
import { verifyBundle } from "../src/verify/verify-bundle.ts";
import { createWorld } from "./world.ts";

describe("a true bundle", () => {
  test.each([
    ["first of its session", {}],
    ["second of its session, embedding", { sequence: 1, kind: "embedding" }],
    [
      "later in its session, under a new key, with witnesses",
      { sequence: 7, rotated: true, witnesses: 3, threshold: 2 },
    ],
    ["anchored to a chain", { anchorBlocks: 1 }],
    ["anchored before a trusted block", { anchorBlocks: 256 }],
    ["cancelled, with parents, alone in the log", { outcome: 1, parents: 3, foreign: [0, 0, 0] }],
  ] as const)("%s", (_name, options) => {
    const world = createWorld(options);
    const { request, response } = world.options;
    const result = verifyBundle(createBundle(world.bundle), world.trust, { request, response, now: 1_700_000_002_000 });
    const isAnchored = world.options.anchorBlocks !== undefined;
    const statusOf = (name: StepName) => (name === "anchor" && !isAnchored ? "skipped" : "passed");
    expect(result.steps.map(({ name, status }) => [name, status])).toEqual(
      stepNames.map((name: StepName) => [name, statusOf(name)]),
    );
    expect(result).toMatchObject({ valid: true, textChecked: true });
    expect(result.anchors.map(({ kind }) => kind)).toEqual(
      expect.arrayContaining([
        "network",
        "provider",
        "log",
        ...Array(world.options.witnesses > 0 ? 1 : 0).fill("witness"),
        ...Array(isAnchored ? 1 : 0).fill("chain"),
      ]),
    );
  });

  test("its place is told as what it is: an index, which counts from 0, and the size of the tree", () => {
    const { bundle, trust } = createWorld({ foreign: [0, 0, 0] });
    const { detail } = verifyBundle(createBundle(bundle), trust).steps.find(({ name }) => name === "inclusion") ?? {};
    const size = /\n(\d+)\n/.exec(bundle.checkpoint)?.[1];
    expect(detail).toBe(
      `The receipt is in the log, at index ${bundle.inclusion.index} (counted from 0) of a tree of size ${size}.`,
    );
  });
});
