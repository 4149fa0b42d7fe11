import { describe, expect, test } from "@jest/globals";
import { createConsistencyProof, verifyConsistency } from "@koinon/merkle/consistency";
import { createInclusionProof, verifyInclusion } from "@koinon/merkle/inclusion";
import { formatCheckpoint, openCheckpoint, parseCheckpoint, signCheckpoint } from "../src/checkpoint.ts";
import { nodeEd25519 } from "../src/ed25519-node.ts";
import { parseNote } from "../src/note.ts";
import { formatSignerKey, formatVerifierKey, parseVerifierKey } from "../src/note-key.ts";
import { verifyNote } from "../src/note-signature.ts";
import { formatTilePath } from "../src/tile-path.ts";
import { createTileHashReader } from "../src/tile-reader.ts";
import { type Answer, askGo, hasGo, type Question } from "./go-oracle.ts";
import { TestLog, testEntry, testKey, testLeaf } from "./test-log.ts";

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString("base64");
const key = testKey("koinon.local/log/oracle", "ed25519", 11, nodeEd25519);

// The first run compiles the program and may fetch its one module.
const GO_TIMEOUT_MS = 180_000;

const againstGo = hasGo() ? describe : describe.skip;
const name = `against golang.org/x/mod/sumdb${hasGo() ? "" : " (skipped: no Go on PATH)"}`;

againstGo(name, () => {
  test(
    "notes signed by either open with the other, and changed ones with neither",
    () => {
      const texts = ["a\n", "\n", "two\n\nblank\n", "é — ü\n"];
      const checkpoint = { origin: key.name, size: 123_456n, root: testLeaf(1), extensions: [] };
      const own = signCheckpoint(checkpoint, key, nodeEd25519);
      const changed = own.replace("123456", "123457");
      const signed = askGo(texts.map((text) => ({ op: "sign", text, key: formatSignerKey(key) })));
      for (const [i, answer] of signed.entries()) {
        const opened = verifyNote(
          parseNote(answer.text ?? ""),
          [parseVerifierKey(formatVerifierKey(key))],
          nodeEd25519,
        );
        expect(opened.text).toBe(texts[i]);
      }
      const [opened, refused, tree] = askGo([
        { op: "open", text: own, key: formatVerifierKey(key) },
        { op: "open", text: changed, key: formatVerifierKey(key) },
        {
          op: "checkpoint",
          text: `go.sum database tree\n${formatCheckpoint(checkpoint).split("\n").slice(1).join("\n")}`,
        },
      ]);
      expect(opened).toEqual({ ok: true, text: formatCheckpoint(checkpoint) });
      expect(refused?.ok).toBe(false);
      expect(() => openCheckpoint(changed, { origin: key.name, key }, [], nodeEd25519)).toThrow(
        "NOTE_SIGNATURE_INVALID",
      );
      expect(tree).toEqual({ ok: true, text: "123456", root: base64(checkpoint.root) });
      expect(parseCheckpoint(opened?.text ?? "")).toEqual(checkpoint);
    },
    GO_TIMEOUT_MS,
  );

  test(
    "trees have the same roots, tiles and proofs",
    async () => {
      const cases = [
        { from: 0, size: 1, index: 0 },
        { from: 1, size: 2, index: 0 },
        { from: 3, size: 255, index: 254 },
        { from: 255, size: 256, index: 17 },
        { from: 256, size: 300, index: 256 },
        { from: 70, size: 1_000, index: 511 },
        { from: 511, size: 1_025, index: 1_024 },
      ];
      const answers = askGo(
        cases.map(({ from, size, index }) => {
          const leaves = Array.from({ length: size }, (_, i) => base64(testEntry(i)));
          return { op: "tree", leaves, from, index };
        }),
      );
      for (const [i, { from, size, index }] of cases.entries()) {
        const answer = answers[i];
        const log = new TestLog(from);
        const written = log.grow(size - from);
        const reader = createTileHashReader(log.source, log.size);
        const consistency = from === 0 ? [] : await createConsistencyProof(reader, from, size);
        const inclusion = await createInclusionProof(reader, index, size);
        expect([i, answer?.reason, answer?.root]).toEqual([i, undefined, base64(log.root)]);
        expect([i, answer?.proof ?? []]).toEqual([i, [...consistency, ...inclusion].map(base64)]);
        const tiles = Object.fromEntries(written.map(({ id, content }) => [formatTilePath(id), base64(content)]));
        expect([i, answer?.tiles]).toEqual([i, tiles]);
      }
    },
    GO_TIMEOUT_MS,
  );

  test(
    "proofs hold for both or for neither",
    async () => {
      const log = new TestLog(300, 77);
      const old = new TestLog(300);
      const reader = createTileHashReader(log.source, log.size);
      const inclusion = await createInclusionProof(reader, 200n, log.size);
      const consistency = await createConsistencyProof(reader, 300n, log.size);
      const questions: Question[] = [];
      const expected: boolean[] = [];
      for (const proof of variants(inclusion)) {
        for (const index of [199, 200, 201]) {
          questions.push({
            op: "checkInclusion",
            ...{ size: 377, index, root: base64(log.root), leaf: base64(testLeaf(200)), proof: proof.map(base64) },
          });
          expected.push(verifyInclusion({ index, treeSize: 377, leafHash: testLeaf(200), hashes: proof }, log.root));
        }
      }
      for (const proof of variants(consistency)) {
        for (const from of [299, 300, 301]) {
          questions.push({
            op: "checkConsistency",
            ...{ size: 377, from, root: base64(log.root), oldRoot: base64(old.root), proof: proof.map(base64) },
          });
          expected.push(verifyConsistency({ size: from, root: old.root }, { size: log.size, root: log.root }, proof));
        }
      }
      const answers: Answer[] = askGo(questions);
      expect(answers.map(({ ok }) => ok)).toEqual(expected);
      expect(expected.filter(Boolean)).toHaveLength(2);
    },
    GO_TIMEOUT_MS,
  );

  test(
    "tile paths are the same",
    () => {
      const ids = [0n, 1n, 999n, 1_000n, 123_456n, 1_234_067n, 2n ** 53n - 1n].flatMap((index) =>
        [1, 255, 256].map((width) => ({ level: 3, index, width })),
      );
      const answers = askGo(
        ids.map(({ level, index, width }) => ({ op: "tilePath", level, index: Number(index), width })),
      );
      expect(answers.map(({ text }) => text)).toEqual(ids.map(formatTilePath));
    },
    GO_TIMEOUT_MS,
  );
});

function variants(proof: readonly Uint8Array[]): Uint8Array[][] {
  const [first = new Uint8Array(32)] = proof;
  return [
    [...proof],
    proof.slice(1),
    proof.slice(0, -1),
    [first, ...proof],
    [...proof, first],
    proof.toReversed(),
    ...proof.map((hash, i) => proof.with(i, hash.with(i % 32, (hash[i % 32] ?? 0) ^ 1))),
  ];
}
