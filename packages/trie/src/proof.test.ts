import { createMerkleProof, createMPT, verifyMPTWithMerkleProof } from "@ethereumjs/mpt";
import { describe, expect, test } from "@jest/globals";
import { keccak256 } from "@koinon/secp256k1/keccak";
import fc from "fast-check";
import { MemoryTrie } from "./memory-trie.ts";
import { emptyRoot } from "./node-reader.ts";
import { verifyProof } from "./proof.ts";

const key = fc
  .array(fc.constantFrom(0x00, 0x01, 0x10, 0x11), { minLength: 1, maxLength: 3 })
  .map((bytes) => Uint8Array.from(bytes));
const value = fc.oneof(fc.uint8Array({ minLength: 1, maxLength: 3 }), fc.uint8Array({ minLength: 30, maxLength: 50 }));
const entries = fc.array(fc.tuple(key, value), { minLength: 1, maxLength: 20 });

function lookup(pairs: readonly (readonly [Uint8Array, Uint8Array])[], wanted: Uint8Array): Uint8Array | undefined {
  return pairs.findLast(([candidate]) => Buffer.compare(candidate, wanted) === 0)?.[1];
}

describe("proofs", () => {
  test("of what is there and of what is not are valid, in @ethereumjs/mpt's eyes too", async () => {
    await fc.assert(
      fc.asyncProperty(entries, key, async (pairs, wanted) => {
        const trie = new MemoryTrie();
        trie.update(pairs);
        const proof = trie.prove(wanted);
        const expected = lookup(pairs, wanted);
        expect(verifyProof(trie.root, wanted, proof)).toEqual({ valid: true, value: expected });
        const other = await verifyMPTWithMerkleProof(await createMPT(), trie.root, wanted, proof);
        expect(other ?? undefined).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });

  test("are the nodes of @ethereumjs/mpt", async () => {
    await fc.assert(
      fc.asyncProperty(entries, key, async (pairs, wanted) => {
        const trie = new MemoryTrie();
        trie.update(pairs);
        const oracle = await createMPT();
        for (const [k, v] of pairs) await oracle.put(k, v);
        const nodes = await createMerkleProof(oracle, wanted);
        // It also lists nodes that are embedded in the one before; geth's eth_getProof and ours do not.
        expect(trie.prove(wanted)).toEqual(nodes.filter((node, index) => index === 0 || node.length >= 32));
      }),
    );
  });

  test("with any byte changed, any node dropped, doubled, swapped or added are invalid", () => {
    const trie = new MemoryTrie();
    trie.update(Array.from({ length: 200 }, (_, i) => [keccak256(Uint8Array.of(i)), keccak256(Uint8Array.of(i, 1))]));
    const present = keccak256(Uint8Array.of(3));
    const missing = keccak256(Uint8Array.of(3, 3));
    for (const wanted of [present, missing]) {
      const proof = trie.prove(wanted);
      expect(verifyProof(trie.root, wanted, proof).valid).toBe(true);
      const mutations: Uint8Array[][] = [[], [...proof, Uint8Array.of(0x80)], [...proof, proof.at(-1) as Uint8Array]];
      for (const [index, node] of proof.entries()) {
        mutations.push(proof.toSpliced(index, 1), proof.toSpliced(index, 0, node), proof.slice(0, index));
        for (let at = 0; at < node.length; at++) {
          for (const bit of [0x01, 0x80]) {
            const changed = Uint8Array.from(node);
            changed[at] = (changed[at] as number) ^ bit;
            mutations.push(proof.toSpliced(index, 1, changed));
          }
        }
        mutations.push(proof.toSpliced(index, 1, node.subarray(0, -1)));
      }
      if (proof.length > 1) mutations.push(proof.toReversed());
      for (const mutation of mutations) expect(verifyProof(trie.root, wanted, mutation)).toEqual({ valid: false });
    }
  });

  test("do not verify for another root or prove a value for another key", () => {
    fc.assert(
      fc.property(entries, key, key, (pairs, wanted, other) => {
        const trie = new MemoryTrie();
        trie.update(pairs);
        const proof = trie.prove(wanted);
        expect(verifyProof(keccak256(trie.root), wanted, proof)).toEqual({ valid: false });
        const verdict = verifyProof(trie.root, other, proof);
        if (verdict.valid) expect(verdict.value).toEqual(lookup(pairs, other));
      }),
    );
  });

  test("of the empty trie are empty, and prove only absence", () => {
    expect(new MemoryTrie().prove(Uint8Array.of(1))).toEqual([]);
    expect(verifyProof(emptyRoot, Uint8Array.of(1), [])).toEqual({ valid: true, value: undefined });
    expect(verifyProof(keccak256(emptyRoot), Uint8Array.of(1), [])).toEqual({ valid: false });
    expect(verifyProof(emptyRoot, Uint8Array.of(1), [Uint8Array.of(0x80)])).toEqual({ valid: false });
  });

  test("made of garbage are invalid and never throw", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { minLength: 1, maxLength: 4 }), key, (proof, wanted) => {
        // The hash of the first garbage as root lets the verifier get as far as decoding it.
        const root = keccak256(proof[0] as Uint8Array);
        expect(typeof verifyProof(root, wanted, proof).valid).toBe("boolean");
      }),
      { numRuns: 500 },
    );
  });
});
