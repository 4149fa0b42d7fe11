import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "@jest/globals";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { MemoryTrie } from "../../src/memory-trie.ts";
import { verifyProof } from "../../src/proof.ts";

/** TrieTests of github.com/ethereum/tests; not part of the repository, so a checkout may be without them. */
const archive = join(
  process.env.KOINON_VECTORS ?? fileURLToPath(new URL("../../../../../shared/vectors", import.meta.url)),
  "ethereum-tests.tar.gz",
);

type Pairs = readonly (readonly [string, string | null])[];
interface Vector {
  readonly in: Pairs | Readonly<Record<string, string>>;
  readonly root: string;
}

const files = [
  { name: "trietest", hashedKeys: false },
  { name: "trieanyorder", hashedKeys: false },
  { name: "trietest_secureTrie", hashedKeys: true },
  { name: "trieanyorder_secureTrie", hashedKeys: true },
  { name: "hex_encoded_securetrie_test", hashedKeys: true },
];

function bytesOf(text: string): Uint8Array {
  return text.startsWith("0x") ? hexToBytes(text.toLowerCase()) : new TextEncoder().encode(text);
}

function entriesOf(vector: Vector, hashedKeys: boolean): [Uint8Array, Uint8Array | undefined][] {
  const pairs: Pairs = Array.isArray(vector.in) ? vector.in : Object.entries(vector.in);
  return pairs.map(([key, value]) => [
    hashedKeys ? keccak256(bytesOf(key)) : bytesOf(key),
    value === null ? undefined : bytesOf(value),
  ]);
}

if (!existsSync(archive)) {
  test(`published trie vectors are left out: ${archive} is not there (KOINON_VECTORS names its folder)`, () => {
    expect(existsSync(archive)).toBe(false);
  });
} else {
  const folder = mkdtempSync(join(tmpdir(), "koinon-trie-vectors-"));
  execFileSync("tar", ["xzf", archive, "-C", folder, "./TrieTests"]);
  afterAll(() => rmSync(folder, { recursive: true }));

  describe.each(files)("TrieTests/$name", ({ name, hashedKeys }) => {
    const vectors = JSON.parse(readFileSync(join(folder, "TrieTests", `${name}.json`), "utf8")) as Record<
      string,
      Vector
    >;

    test.each(Object.entries(vectors))("%s", (_case, vector) => {
      const entries = entriesOf(vector, hashedKeys);
      const inOnePass = new MemoryTrie();
      expect(bytesToHex(inOnePass.update(entries))).toBe(vector.root);
      const oneByOne = new MemoryTrie();
      for (const entry of entries) oneByOne.update([entry]);
      expect(bytesToHex(oneByOne.root)).toBe(vector.root);
      const latest = new Map(entries.map(([key, value]) => [bytesToHex(key), value]));
      for (const [key, value] of latest) {
        const keyBytes = hexToBytes(key);
        expect(verifyProof(oneByOne.root, keyBytes, oneByOne.prove(keyBytes))).toEqual({ valid: true, value });
      }
    });
  });
}
