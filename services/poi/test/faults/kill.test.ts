import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createConsistencyProof, verifyConsistency } from "@koinon/merkle/consistency";
import type { Hex } from "@koinon/secp256k1/hex";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { waitFor } from "@koinon/testkit/wait-for";
import type { Checkpoint } from "@koinon/tlog/checkpoint";
import { createTileHashReader } from "@koinon/tlog/tile-reader";
import { nodeHasher } from "../../src/log/node-hasher.ts";
import { createTileSource } from "../../src/store/log-reading.ts";
import { auditLog, openTestCheckpoint } from "../log-checks.ts";
import { PoiFixture } from "../poi-fixture.ts";
import { killedWork } from "./killed-work.ts";

const program = fileURLToPath(new URL("./poi-process.ts", import.meta.url));
const rounds = 5;

let postgres: TestPostgres;
let fixture: PoiFixture;
beforeAll(async () => {
  postgres = await startTestPostgres();
  fixture = await PoiFixture.open(postgres);
});
afterAll(() => fixture.close().finally(() => postgres.stop()));

/** What was seen from outside, over all processes. */
const seen = { notes: new Map<bigint, Checkpoint[]>(), places: new Map<Hex, Set<bigint>>() };

function read(child: Child): void {
  for (const line of child.stdoutLines) {
    const [kind, ...words] = line.split(" ");
    if (kind === "note") readNote(words[0] ?? "");
    if (kind === "logged") for (const word of words) readPlace(word);
  }
}

function readNote(word: string): void {
  const note = Buffer.from(word, "base64").toString();
  // The last line of a killed process may be cut.
  if (!note.endsWith("\n")) return;
  const checkpoint = openTestCheckpoint(note);
  seen.notes.set(checkpoint.size, [...(seen.notes.get(checkpoint.size) ?? []), checkpoint]);
}

function readPlace(word: string): void {
  const [, hex, index] = /^([0-9a-f]{64})@([0-9]+);$/.exec(word) ?? [];
  if (hex === undefined || index === undefined) return;
  const id: Hex = `0x${hex}`;
  seen.places.set(id, (seen.places.get(id) ?? new Set()).add(BigInt(index)));
}

const treeSize = async () =>
  (await fixture.database.query<{ size: bigint }>("SELECT size FROM log_tree"))[0]?.size ?? 0n;

describe("kill -9 of poi while it appends", () => {
  const seed = Number(process.env.KOINON_SEED ?? 20_260_101);

  test(`at ${rounds} random points (KOINON_SEED=${seed}): every receipt is logged once, and no published checkpoint is contradicted`, async () => {
    const random = new SeededRandom(seed);
    const works = killedWork();
    const whole = BigInt(works.length + 6);
    let cutOff = 0;
    for (let round = 1; round <= rounds; round++) {
      const child = await startChild({
        command: process.execPath,
        args: [program, fixture.place.url],
        ready: /^appending$/,
      });
      // Somewhere in the part that this round would append, and then at any moment of a batch.
      const before = await treeSize();
      const target = before + BigInt(random.integer(1 + Math.floor(Number(whole - before) / 6)));
      await waitFor(async () => (await treeSize()) >= target, { intervalMs: 1 });
      await child.kill();
      read(child);
      if ((await treeSize()) < whole) cutOff += 1;
    }
    // Where this process gets no turn for long, one that it should kill may come to its end before.
    expect(cutOff).toBeGreaterThan(0);
    const last = await startChild({
      command: process.execPath,
      args: [program, fixture.place.url],
      ready: /^done$/,
      deadlineMs: 60_000,
    });
    expect(await last.exited).toEqual({ code: 0, signal: null });
    read(last);

    const reader = await fixture.start();
    const audited = await auditLog(reader.log);
    expect(audited.receipts.toSorted()).toEqual(works.map(({ id }) => id).toSorted());
    expect(audited.checkpoint.size).toBe(whole);
    for (const { id } of works) expect(seen.places.get(id)?.size).toBe(1);

    const checkpoints = [...seen.notes.values()].flat().toSorted((a, b) => (a.size < b.size ? -1 : 1));
    expect(checkpoints.length).toBeGreaterThan(rounds);
    const hashes = createTileHashReader(createTileSource(fixture.database), whole, nodeHasher);
    for (const [i, checkpoint] of checkpoints.entries()) {
      const next = checkpoints[i + 1] ?? audited.checkpoint;
      const proof = await createConsistencyProof(hashes, checkpoint.size, next.size, nodeHasher);
      expect([checkpoint.size, next.size, verifyConsistency(checkpoint, next, proof, nodeHasher)]).toEqual([
        ...[checkpoint.size, next.size, true],
      ]);
    }
  });
});
