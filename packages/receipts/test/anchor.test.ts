import { describe, expect, test } from "@jest/globals";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { sampleAnchor } from "@koinon/solidity/sample-anchor";
import { parseCheckpoint } from "@koinon/tlog/checkpoint";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import { parseNote } from "@koinon/tlog/note";
import { type Bundle, createBundle } from "../src/bundle.ts";
import type { BundleAnchor } from "../src/bundle-anchor.ts";
import { noAnchoring, type Trust, type TrustedChain } from "../src/trust.ts";
import { verifyBundle } from "../src/verify/verify-bundle.ts";
import { createWorld } from "./world.ts";

const world = createWorld({ anchorBlocks: 3 });
const anchor = world.bundle.anchor as BundleAnchor;
const [chain] = world.trust.anchoring.chains as [TrustedChain];
const checkpoint = parseCheckpoint(parseNote(world.bundle.checkpoint).text);

function verify(change: { bundle?: Partial<Bundle>; anchoring?: Partial<Trust["anchoring"]> } = {}) {
  const bytes = createBundle({ ...world.bundle, ...change.bundle });
  const trust = { ...world.trust, anchoring: { ...world.trust.anchoring, ...change.anchoring } };
  const result = verifyBundle(bytes, trust, {}, { ed25519: nodeEd25519 });
  const step = result.steps.find(({ name }) => name === "anchor");
  return { valid: result.valid, status: step?.status, detail: step?.detail ?? "", anchors: step?.anchors };
}

/** What is wrong, of a bundle whose other steps all pass. */
function faultOf(change: Parameters<typeof verify>[0]): string {
  const { valid, status, detail, anchors } = verify(change);
  expect([valid, status, anchors]).toEqual([false, "failed", []]);
  return detail;
}

const withAnchor = (part: Partial<BundleAnchor>) => ({ bundle: { anchor: { ...anchor, ...part } } });

describe("an anchored checkpoint", () => {
  test("is told with the chain, the block and who anchored it", () => {
    const { detail, anchors } = verify();
    expect(detail).toBe(
      "It was anchored by block 7 of chain 31338, by 0x0000000000000000000000000000000000abcdef in epoch 20000.",
    );
    const block = chain.blocks.at(-1);
    expect(anchors).toEqual([{ kind: "chain", id: `31338/${chain.registry}/${block}`, name: "" }]);
  });

  test("may be left out unless the trust file asks for it", () => {
    expect(verify({ bundle: { anchor: null } })).toMatchObject({ valid: true, status: "skipped" });
    expect(verify({ bundle: { anchor: null }, anchoring: noAnchoring })).toMatchObject({ valid: true });
    expect(verify({ anchoring: { required: true } })).toMatchObject({ valid: true, status: "passed" });
    expect(faultOf({ bundle: { anchor: null }, anchoring: { required: true } })).toContain("asks for an anchored");
  });

  test("passes under any of several registries of the trusted block", () => {
    const other: TrustedChain = { ...chain, registry: `0x${"77".repeat(20)}` };
    expect(verify({ anchoring: { chains: [other, chain] } })).toMatchObject({ valid: true });
  });
});

describe("an anchor that nobody here can check is no decoration", () => {
  test.each([
    ["without any chain", { chains: [] }],
    ["with other blocks", { chains: [{ ...chain, blocks: chain.blocks.slice(0, 1) }] }],
    ["with no block at all", { chains: [{ ...chain, blocks: [] }] }],
  ])("%s", (_name, anchoring) => {
    expect(faultOf({ anchoring })).toContain("of no chain that the trust file names");
  });

  test("of another registry on the trusted chain", () => {
    const other: TrustedChain = { ...chain, registry: `0x${"77".repeat(20)}` };
    expect(faultOf({ anchoring: { chains: [other] } })).toContain("does not lead");
  });
});

describe("a registry", () => {
  const anchored = (change: Partial<typeof checkpoint>) => {
    const made = sampleAnchor({ ...checkpoint, ...change });
    return { bundle: { anchor: made.anchor }, anchoring: { chains: [made.chain] } };
  };

  test("with another root for this size contradicts the checkpoint", () => {
    expect(faultOf(anchored({ root: new Uint8Array(32).fill(9) }))).toContain("Another root is anchored");
  });

  test("with another size, or another log, proves nothing of this one", () => {
    expect(faultOf(anchored({ size: 99n }))).toContain("does not lead");
    expect(faultOf(anchored({ origin: "another.example/log" }))).toContain("does not lead");
  });

  test("without this checkpoint shows its absence", () => {
    const made = sampleAnchor(checkpoint, { isAnchored: false });
    const change = { bundle: { anchor: made.anchor }, anchoring: { chains: [made.chain] } };
    expect(faultOf(change)).toBe(`No checkpoint of size ${checkpoint.size} was anchored by that block.`);
  });
});

describe("block headers", () => {
  const headers = anchor.headers as [`0x${string}`, `0x${string}`, `0x${string}`];

  test("have to be there, and readable", () => {
    expect(faultOf(withAnchor({ headers: [] }))).toContain("names no block");
    for (const header of ["0x", "0xc0", "0x80", `${headers[0]}00`, headers[0].slice(0, -2)] as const) {
      expect(faultOf(withAnchor({ headers: [header as `0x${string}`, ...headers.slice(1)] }))).toContain(
        "can not be read",
      );
    }
  });

  test("lead child by child from the proof to the trusted block, and not beyond", () => {
    const [first, second, third] = headers;
    for (const order of [
      [first, third],
      [second, first, third],
      [first, first, second, third],
    ]) {
      expect(faultOf(withAnchor({ headers: order }))).toContain("child by child");
    }
    expect(faultOf(withAnchor({ headers: [second, third] }))).toContain("does not lead");
    expect(faultOf(withAnchor({ headers: [first, second] }))).toContain("of no chain");
    const both: TrustedChain = { ...chain, blocks: [...chain.blocks, hashOf(second)] };
    expect(faultOf({ anchoring: { chains: [both] } })).toContain("goes on beyond");
    expect(verify({ ...withAnchor({ headers: [first, second] }), anchoring: { chains: [both] } })).toMatchObject({
      valid: true,
    });
  });
});

function hashOf(header: `0x${string}`): `0x${string}` {
  return bytesToHex(keccak256(hexToBytes(header)));
}
