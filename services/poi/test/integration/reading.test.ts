import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { SampleProvider } from "@koinon/contributions/sample-work";
import { verifyConsistency } from "@koinon/merkle/consistency";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import { formatNote, parseNote } from "@koinon/tlog/note";
import { createSignerKey, formatVerifierKey } from "@koinon/tlog/note-key";
import { cosignNote } from "@koinon/tlog/note-signature";
import { nodeHasher } from "../../src/log/node-hasher.ts";
import { openTestCheckpoint } from "../log-checks.ts";
import { logKey, PoiFixture, type RunningPoi } from "../poi-fixture.ts";

const witness = createSignerKey("witness.example/w", "cosignature", new Uint8Array(32).fill(7), nodeEd25519);
const stranger = createSignerKey("witness.example/s", "cosignature", new Uint8Array(32).fill(8), nodeEd25519);

let postgres: TestPostgres;
let fixture: PoiFixture;
let running: RunningPoi;
/** Published notes, of 0, 300 and 600 receipts, and their sizes, with certificates and quotes. */
const notes: string[] = [];
const published = [0n, 304n, 606n];
const works = ["a", "b", "c"].flatMap((name) => {
  const provider = new SampleProvider(name);
  return Array.from({ length: 200 }, () => provider.serve());
});
const lastId = hexToBytes(works.at(-1)?.id ?? "0x");

beforeAll(async () => {
  postgres = await startTestPostgres();
  fixture = await PoiFixture.open(postgres);
  running = await fixture.start({ witnesses: [formatVerifierKey(witness)], witnessThreshold: 1 });
  for (const part of [works.slice(0, 0), works.slice(0, 300), works.slice(300)]) {
    await fixture.publish(part);
    const size = published[notes.length];
    const note = await waitFor(async () => {
      const checkpoint = await running.log.getCheckpoint({});
      return openTestCheckpoint(checkpoint.note).size === size && checkpoint.note;
    });
    notes.push(note);
  }
});
afterAll(async () => {
  await fixture.close().finally(() => postgres.stop());
});

const cosigned = (note: string, key = witness, at = 1_800_000_000n) => {
  const { text, signatures } = parseNote(note);
  return formatNote({ text, signatures: [...signatures, cosignNote(text, key, at, nodeEd25519)] });
};

describe("log service", () => {
  test("answers the log's key", async () => {
    expect((await running.log.getCheckpoint({})).vkey).toBe(formatVerifierKey(logKey));
  });

  test("proves that each published tree extends the one before", async () => {
    const heads = notes.map(openTestCheckpoint);
    for (const first of heads) {
      for (const second of heads.filter(({ size }) => size >= first.size && size > 0n)) {
        const proof = await running.log.getConsistencyProof({ first: first.size, second: second.size });
        expect([first.size, second.size, verifyConsistency(first, second, proof.hashes, nodeHasher)]).toEqual([
          ...[first.size, second.size, true],
        ]);
      }
    }
    expect((await running.log.getConsistencyProof({ first: 304n, second: 0n })).second).toBe(606n);
    await expect(running.log.getConsistencyProof({ first: 1n, second: 607n })).rejects.toThrow("TREE_SIZE_UNKNOWN");
    await expect(running.log.getConsistencyProof({ first: 607n, second: 606n })).rejects.toThrow("TREE_SIZE_UNKNOWN");
  });

  test("serves full tiles for good, partial ones of any width it has had, and nothing else", async () => {
    const { log } = running;
    const full = await log.getTile({ path: "tile/0/000" });
    expect([full.content.length, full.immutable]).toEqual([8_192, true]);
    const partial = await log.getTile({ path: "tile/0/002.p/94" });
    expect([partial.content.length, partial.immutable]).toEqual([94 * 32, false]);
    const earlier = await log.getTile({ path: "tile/0/001.p/48" });
    expect(earlier.content).toEqual((await log.getTile({ path: "tile/0/001" })).content.subarray(0, 48 * 32));
    expect((await log.getTile({ path: "tile/1/000.p/2" })).content).toHaveLength(64);
    expect((await log.getTile({ path: "tile/entries/002.p/94" })).immutable).toBe(false);
    for (const path of [
      "tile/0/002.p/95",
      "tile/0/002",
      "tile/0/003.p/1",
      "tile/2/000.p/1",
      "tile/entries/002",
      "tile/9/000",
    ]) {
      await expect(log.getTile({ path })).rejects.toThrow("TILE_NOT_FOUND");
    }
    await expect(log.getTile({ path: "tile/0/0" })).rejects.toThrow("TILE_PATH_MALFORMED");
  });

  test("refuses requests that make no sense", async () => {
    const { log } = running;
    await expect(
      log.getInclusionProof({ receiptId: new Uint8Array(31), waitMs: 0, anchor: undefined }),
    ).rejects.toThrow("REQUEST_INVALID");
    await expect(log.getInclusionProof({ receiptId: lastId, waitMs: 10_001, anchor: undefined })).rejects.toThrow(
      "REQUEST_INVALID",
    );
    const unknown = log.getInclusionProof({ receiptId: new Uint8Array(32), waitMs: 30, anchor: undefined });
    await expect(unknown).rejects.toThrow("RECEIPT_NOT_LOGGED");
    const certificate = await fixture.database.query<{ document_id: Buffer }>(
      "SELECT document_id FROM log_entries LIMIT 1",
    );
    const receiptId = certificate[0]?.document_id ?? new Uint8Array(0);
    await expect(log.getInclusionProof({ receiptId, waitMs: 0, anchor: undefined })).rejects.toThrow(
      "RECEIPT_NOT_LOGGED",
    );
  });
});

describe("cosignatures", () => {
  test("of strangers, of other texts and of unknown checkpoints are refused", async () => {
    const { log } = running;
    const [, note = ""] = notes;
    await expect(log.addCosignature({ note: cosigned(note, stranger) })).rejects.toThrow("WITNESS_UNKNOWN");
    await expect(log.addCosignature({ note })).rejects.toThrow("WITNESS_UNKNOWN");
    await expect(log.addCosignature({ note: "no note" })).rejects.toThrow("COSIGNATURE_INVALID");
    const changed = cosigned(note).replace("\n304\n", "\n305\n");
    await expect(log.addCosignature({ note: changed })).rejects.toThrow("COSIGNATURE_INVALID");
    const other = cosigned(note.replace("\n304\n", "\n305\n"));
    await expect(log.addCosignature({ note: other })).rejects.toThrow("CHECKPOINT_UNKNOWN");
    const forked = cosigned(note.replace(/\n304\n.*\n/, `\n304\n${Buffer.alloc(32).toString("base64")}\n`));
    await expect(log.addCosignature({ note: forked })).rejects.toThrow("CHECKPOINT_UNKNOWN");
  });

  test("are added to the published note, and receipts are proved under a cosigned checkpoint when there is one", async () => {
    const { log } = running;
    const firstId = hexToBytes(works[0]?.id ?? "0x");
    const before = await log.getInclusionProof({ receiptId: firstId, waitMs: 0, anchor: undefined });
    expect(openTestCheckpoint(before.checkpoint).size).toBe(606n);
    await log.addCosignature({ note: cosigned(notes[1] ?? "") });
    const proof = await log.getInclusionProof({ receiptId: firstId, waitMs: 5_000, anchor: undefined });
    expect(openTestCheckpoint(proof.checkpoint).size).toBe(304n);
    expect(parseNote(proof.checkpoint).signatures.map(({ name }) => name)).toEqual([logKey.name, witness.name]);
    const waiting = log.getInclusionProof({ receiptId: lastId, waitMs: 5_000, anchor: undefined });
    await log.addCosignature({ note: cosigned(notes[2] ?? "") });
    expect(parseNote((await waiting).checkpoint).signatures).toHaveLength(2);
    await log.addCosignature({ note: cosigned(notes[2] ?? "", witness, 1_800_000_100n) });
    const { note } = await log.getCheckpoint({});
    const lines = parseNote(note).signatures.filter(({ name }) => name === witness.name);
    expect(lines).toHaveLength(1);
  });
});

describe("contribution service", () => {
  test("pages through the view in its order, with tokens of its own only", async () => {
    const { contributions } = running;
    const whole = await contributions.listContributions({ pageSize: 100, pageToken: "" });
    expect(whole.contributions.map(({ receipts }) => receipts)).toEqual([200n, 200n, 200n]);
    const pages: typeof whole.contributions = [];
    let pageToken = "";
    do {
      const page = await contributions.listContributions({ pageSize: 1, pageToken });
      pages.push(...page.contributions);
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    expect(pages).toEqual(whole.contributions);
    await expect(contributions.listContributions({ pageSize: 1, pageToken: "AAAA" })).rejects.toThrow("PAGE_TOKEN");
    await expect(contributions.listContributions({ pageSize: 101, pageToken: "" })).rejects.toThrow("REQUEST_INVALID");
  });
});
