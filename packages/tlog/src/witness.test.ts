import { describe, expect, test } from "@jest/globals";
import { createConsistencyProof } from "@koinon/merkle/consistency";
import { portableTreeHasher as hasher } from "@koinon/merkle/tree-hasher";
import { TestLog, testKey } from "../test/test-log.ts";
import { witnessRequest } from "../test/vectors.ts";
import { type Checkpoint, signCheckpoint } from "./checkpoint.ts";
import { nodeEd25519 } from "./ed25519-node.ts";
import { createTileHashReader } from "./tile-reader.ts";
import { judgeSubmission, type WitnessSubmission, witnessStatus } from "./witness.ts";
import { formatWitnessRequest, parseWitnessRequest } from "./witness-request.ts";

const key = testKey("log.example/1", "ed25519", 1);
const logs = [{ origin: key.name, key }];
const early = new TestLog(300);
const late = new TestLog(300, 500);

const headOf = (log: TestLog): Checkpoint => ({ origin: key.name, size: log.size, root: log.root, extensions: [] });
const noteOf = (log: TestLog, signer = key) => signCheckpoint(headOf(log), signer, nodeEd25519);
const proofTo = (log: TestLog, from: bigint) =>
  createConsistencyProof(createTileHashReader(log.source, log.size), from, log.size);

function judge(submission: WitnessSubmission, seen?: Pick<Checkpoint, "size" | "root">): string {
  const verdict = judgeSubmission(submission, logs, () => seen, nodeEd25519);
  return verdict.accepted
    ? `accepted ${verdict.checkpoint.size}`
    : `${verdict.refusal.reason} ${witnessStatus(verdict.refusal)}`;
}

describe("witness rules", () => {
  test("accept the first checkpoint, the same again, and one that extends it", async () => {
    expect(judge({ note: noteOf(early), oldSize: 0n, proof: [] })).toBe("accepted 300");
    expect(judge({ note: noteOf(early), oldSize: 300n, proof: [] }, headOf(early))).toBe("accepted 300");
    const proof = await proofTo(late, 300n);
    expect(judge({ note: noteOf(late), oldSize: 300n, proof }, headOf(early))).toBe("accepted 800");
    expect(judge({ note: noteOf(new TestLog()), oldSize: 0n, proof: [] })).toBe("accepted 0");
  });

  test("refuse a rollback", () => {
    expect(judge({ note: noteOf(early), oldSize: 800n, proof: [] }, headOf(late))).toBe("ROLLBACK 400");
  });

  test("refuse a fork of the same size, and one that is larger", async () => {
    const fork = { ...headOf(early), root: hasher.leaf(Uint8Array.of(1)) };
    expect(judge({ note: noteOf(early), oldSize: 300n, proof: [] }, fork)).toBe("FORK 422");
    const proof = await proofTo(late, 300n);
    expect(judge({ note: noteOf(late), oldSize: 300n, proof }, fork)).toBe("BAD_PROOF 422");
  });

  test("refuse growth from another size than the one they know", async () => {
    const proof = await proofTo(late, 300n);
    expect(judge({ note: noteOf(late), oldSize: 300n, proof }, { ...headOf(early), size: 200n })).toBe("STALE 409");
    expect(judge({ note: noteOf(early), oldSize: 0n, proof: [] }, headOf(late))).toBe("STALE 409");
    expect(judge({ note: noteOf(late), oldSize: 300n, proof })).toBe("STALE 409");
  });

  test("refuse a wrong proof, also one that is not needed", async () => {
    const proof = await proofTo(late, 300n);
    expect(judge({ note: noteOf(late), oldSize: 300n, proof: proof.slice(1) }, headOf(early))).toBe("BAD_PROOF 422");
    expect(judge({ note: noteOf(early), oldSize: 0n, proof: proof.slice(0, 1) })).toBe("BAD_PROOF 422");
    expect(judge({ note: noteOf(early), oldSize: 300n, proof }, headOf(early))).toBe("BAD_PROOF 422");
  });

  test("refuse unknown logs, wrong signatures, notes that are none, and a wrong empty root", () => {
    const note = noteOf(early);
    expect(judge({ note: note.replaceAll("log.example/1", "log.example/2"), oldSize: 0n, proof: [] })).toBe(
      "UNKNOWN_LOG 404",
    );
    expect(judge({ note: noteOf(early, testKey(key.name, "ed25519", 2)), oldSize: 0n, proof: [] })).toBe(
      "BAD_SIGNATURE 403",
    );
    expect(judge({ note: note.replace("\n300\n", "\n301\n"), oldSize: 0n, proof: [] })).toBe("BAD_SIGNATURE 403");
    expect(judge({ note: "no note", oldSize: 0n, proof: [] })).toBe("BAD_SIGNATURE 403");
    const empty = signCheckpoint({ ...headOf(early), size: 0n }, key, nodeEd25519);
    expect(judge({ note: empty, oldSize: 0n, proof: [] })).toBe("BAD_EMPTY_ROOT 422");
  });
});

describe("witness requests", () => {
  test("the published one is read and written back", () => {
    const request = parseWitnessRequest(witnessRequest);
    expect([request.oldSize, request.proof.length]).toEqual([20852014n, 4]);
    expect(formatWitnessRequest(request)).toBe(witnessRequest);
    expect(parseWitnessRequest(formatWitnessRequest({ ...request, proof: [] })).proof).toEqual([]);
  });

  test("in any other shape are refused", () => {
    const hash = Buffer.alloc(32).toString("base64");
    const bad = [
      "",
      "old 1\n",
      "\n\nnote",
      "old -1\n\nnote",
      "old 01\n\nnote",
      "OLD 1\n\nnote",
      `old ${2n ** 63n}\n\nnote`,
      "old 1\nabc\n\nnote",
      `old 1\n${btoa("short")}\n\nnote`,
      `old 1\n${`${hash}\n`.repeat(64)}\nnote`,
    ];
    for (const body of bad) expect(() => parseWitnessRequest(body)).toThrow("WITNESS_REQUEST_MALFORMED");
    expect(parseWitnessRequest(`old 1\n${`${hash}\n`.repeat(63)}\nnote`).proof).toHaveLength(63);
  });
});
