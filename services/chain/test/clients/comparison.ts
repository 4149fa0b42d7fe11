import { expect, test } from "@jest/globals";
import { startAnvil } from "./anvil.ts";
import { findBinary } from "./binaries.ts";
import { startOwnNode } from "./own-node.ts";
import { Observations, type Target } from "./target.ts";

/** A script of a client: what it does on a node, and what it sees. */
export type ClientScript = (target: Target, seen: Observations) => Promise<void>;

/** Declares a test that runs a script on our node and on anvil and holds the two to each other; without anvil it says why not. */
export function compareWithAnvil(name: string, script: ClientScript, stepsMin: number): void {
  const { missing } = findBinary("anvil");
  if (missing !== undefined) {
    const skipped = test.skip;
    skipped(`${name}: compared with anvil (skipped: ${missing})`, () => undefined);
    test(`${name}: on our node alone`, async () => {
      expect((await observe(startOwnNode, script)).length).toBeGreaterThanOrEqual(stepsMin);
    });
    return;
  }
  test(`${name}: our node and anvil show the same`, async () => {
    const ours = await observe(startOwnNode, script);
    expect(ours.length).toBeGreaterThanOrEqual(stepsMin);
    expect(ours).toEqual(await observe(startAnvil, script));
  });
}

async function observe(start: () => Promise<Target>, script: ClientScript): Promise<Observations["steps"]> {
  const target = await start();
  const seen = new Observations();
  try {
    await script(target, seen);
  } finally {
    await target.stop();
  }
  return seen.steps;
}
