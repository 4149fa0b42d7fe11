import { beforeAll, describe, expect, test } from "@jest/globals";
import type { Hex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { keccak256, toBytes } from "viem";
import { type AnchorQuestion, anchorProofRequest, verifyAnchor } from "../src/anchor-proof.ts";
import { checkpointRegistryAbi, checkpointRegistryBytecode } from "../src/gen/checkpoint-registry.ts";
import { type StorageProof, storageProofFromReply } from "../src/storage-proof.ts";
import { alice, bob } from "./chain.ts";
import type { ProvingChain } from "./ethereumjs-chain.ts";
import { type Deployed, TwinChain } from "./twin-chain.ts";

const origin = "koinon.local/log/0011223344556677";
const root: Hex = `0x${"a7".repeat(32)}`;
const size = 1_000n;

// The proofs are of @ethereumjs/statemanager; what checks them shares no code with it.
let proving: ProvingChain;
let registry: Deployed;
let question: AnchorQuestion;
let proof: StorageProof;

beforeAll(async () => {
  const chain = new TwinChain();
  registry = await chain.deploy(checkpointRegistryAbi, checkpointRegistryBytecode);
  proving = await chain.proving();
  // Other logs make the storage trie deeper than its root.
  for (let log = 0; log < 40; log++) {
    const name = log === 0 ? origin : `${origin}/${log}`;
    await registry.send(alice, "register", [name]);
    await registry.send(alice, "anchor", [keccak256(toBytes(name)), size, root, 3n]);
  }
  question = { stateRoot: await proving.stateRoot(), registry: registry.address, origin, size };
  proof = await prove(question);
});

async function prove(asked: AnchorQuestion): Promise<StorageProof> {
  const { address, slots } = anchorProofRequest(asked);
  return storageProofFromReply(await proving.prove(address, slots));
}

describe("a proof shows", () => {
  test("the anchored checkpoint", () => {
    expect(proof.account.length).toBeGreaterThan(1);
    expect(proof.slots.map((nodes) => nodes.length > 1)).toEqual([true, true]);
    const checkpoint = { size, root, epoch: 3n, submitter: alice.address };
    expect(verifyAnchor(question, proof)).toEqual({ status: "anchored", checkpoint });
  });

  test("that a size, or an origin, is not anchored", async () => {
    const absent = [
      { ...question, size: size + 1n },
      { ...question, origin: "unknown" },
    ];
    for (const asked of absent) expect(verifyAnchor(asked, await prove(asked))).toEqual({ status: "absent" });
  });

  test("that there is no registry", async () => {
    const nowhere: AnchorQuestion = { ...question, registry: `0x${"77".repeat(20)}` };
    // For an account that is not there clients list the slots with empty proofs; this library leaves them out.
    const { account } = await prove(nowhere);
    expect(verifyAnchor(nowhere, { account, slots: [[], []] })).toEqual({ status: "absent" });
    expect(verifyAnchor(nowhere, { account, slots: [[], proof.slots[1] ?? []] })).toEqual({ status: "invalid" });
    const keyOnly: AnchorQuestion = { ...question, registry: bob.address };
    expect(verifyAnchor(keyOnly, await prove(keyOnly))).toEqual({ status: "absent" });
  });
});

describe("a proof shows nothing", () => {
  const invalid = { status: "invalid" };

  test("of another state, registry, origin or size", () => {
    expect(verifyAnchor({ ...question, stateRoot: `0x${"00".repeat(32)}` }, proof)).toEqual(invalid);
    expect(verifyAnchor({ ...question, registry: bob.address }, proof)).toEqual(invalid);
    expect(verifyAnchor({ ...question, origin: `${origin}/1` }, proof)).toEqual(invalid);
    expect(verifyAnchor({ ...question, size: size - 1n }, proof)).toEqual(invalid);
  });

  test("when a node is missing, doubled, moved or not hex", () => {
    const [account, slots] = [proof.account, proof.slots as [readonly Hex[], readonly Hex[]]];
    const altered: readonly StorageProof[] = [
      { account: [], slots },
      { account: account.slice(1), slots },
      { account: account.slice(0, -1), slots },
      { account: [...account, account.at(-1) as Hex], slots },
      { account, slots: [slots[0]] },
      { account, slots: [...slots, slots[0]] },
      { account, slots: [slots[1], slots[0]] },
      { account, slots: [slots[0], slots[1].slice(0, -1)] },
      { account, slots: [slots[0], []] },
      { account: account.map((node) => node.slice(0, -1) as Hex), slots },
      { account: account.map((node) => node.toUpperCase() as Hex), slots },
      { account: [], slots: [[], []] },
    ];
    for (const [index, each] of altered.entries())
      expect([index, verifyAnchor(question, each)]).toEqual([index, invalid]);
  });

  test("when any bit of it is another", () => {
    const nodes = [...proof.account, ...proof.slots.flat()];
    fc.assert(
      fc.property(fc.nat(nodes.length - 1), fc.nat(), fc.integer({ min: 1, max: 15 }), (index, place, flip) => {
        const node = nodes[index] as Hex;
        const at = 2 + (place % (node.length - 2));
        const digit = (Number.parseInt(node.charAt(at), 16) ^ flip).toString(16);
        const changed: Hex = `0x${node.slice(2, at)}${digit}${node.slice(at + 1)}`;
        const replace = (list: readonly Hex[], start: number): readonly Hex[] =>
          list.map((each, offset) => (start + offset === index ? changed : each));
        let start = proof.account.length;
        const slots = proof.slots.map((list) => {
          const replaced = replace(list, start);
          start += list.length;
          return replaced;
        });
        expect(verifyAnchor(question, { account: replace(proof.account, 0), slots })).toEqual(invalid);
      }),
    );
  });
});
