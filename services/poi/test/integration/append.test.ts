import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { SampleProvider, type SampleWork } from "@koinon/contributions/sample-work";
import { verifyInclusion } from "@koinon/merkle/inclusion";
import { encodeLogEntry } from "@koinon/receipts/log-entry";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { nodeHasher } from "../../src/log/node-hasher.ts";
import { auditLog, openTestCheckpoint } from "../log-checks.ts";
import { PoiFixture } from "../poi-fixture.ts";
import { settledPayload } from "../settled-events.ts";

let postgres: TestPostgres;
let fixture: PoiFixture;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  fixture = await PoiFixture.open(postgres);
});
afterEach(() => fixture.close());

const idsOf = (works: readonly SampleWork[]) => works.map(({ id }) => id);

describe("poi", () => {
  test("publishes a checkpoint of the empty log at its first start", async () => {
    const { log, contributions } = await fixture.start();
    const note = await waitFor(() => log.getCheckpoint({}).then(({ note }) => note));
    expect(openTestCheckpoint(note)).toMatchObject({ size: 0n, root: nodeHasher.emptyRoot });
    expect(await contributions.listContributions({ pageSize: 0, pageToken: "" })).toEqual({
      ...{ treeSize: 0n, contributions: [], nextPageToken: "" },
    });
  });

  test("logs settled receipts once each, tells where, and an auditor finds the same figures", async () => {
    const { log, contributions } = await fixture.start();
    const providers = ["a", "b", "c"].map((name) => new SampleProvider(name));
    const works = Array.from({ length: 700 }, (_, i) => providers[i % 3]?.serve(i % 7)).filter(
      (work) => work !== undefined,
    );
    await fixture.publish(works);
    await fixture.publish(works.slice(0, 50), 2);
    await log.getInclusionProof({ receiptId: hexToBytes(works.at(-1)?.id ?? "0x"), waitMs: 2_000, anchor: undefined });
    const audited = await waitFor(async () => {
      const found = await auditLog(log);
      return found.checkpoint.size === 706n ? found : undefined;
    });
    expect(audited.receipts.toSorted()).toEqual(idsOf(works).toSorted());
    const view = await contributions.listContributions({ pageSize: 100, pageToken: "" });
    expect(view.treeSize).toBe(706n);
    expect(
      view.contributions.map((part) => ({
        ...part,
        provider: bytesToHex(part.provider),
        subject: bytesToHex(part.subject),
      })),
    ).toEqual(
      audited.contributions.map(({ firstAt, lastAt, ...part }) => ({
        ...part,
        ...{ inputUnits: `${part.inputUnits}`, outputUnits: `${part.outputUnits}`, fee: `${part.fee}` },
        ...{ firstAtMs: firstAt, lastAtMs: lastAt },
      })),
    );
    await waitFor(() => works.slice(0, 50).every(({ id }) => fixture.logged.get(id)?.length === 2));
    for (const { id } of works) expect(new Set(fixture.logged.get(id)).size).toBe(1);
  });

  test("proves a receipt, its predecessor and the predecessor's certificate under one checkpoint", async () => {
    const { log } = await fixture.start();
    const provider = new SampleProvider("a");
    const [first, second] = [provider.serve(), provider.serve()];
    await fixture.publish([first, second]);
    const proof = await log.getInclusionProof({ receiptId: hexToBytes(second.id), waitMs: 5_000, anchor: undefined });
    const { root, size } = openTestCheckpoint(proof.checkpoint);
    const { inclusion, previous } = proof;
    if (inclusion === undefined || previous?.inclusion === undefined) throw new Error("incomplete");
    const leafHash = nodeHasher.leaf(encodeLogEntry({ type: "receipt", signed: second.receipt }));
    expect(inclusion.treeSize).toBe(size);
    expect(verifyInclusion({ ...inclusion, leafHash }, root)).toBe(true);
    expect(previous.entry).toEqual(Buffer.from(encodeLogEntry({ type: "receipt", signed: first.receipt })));
    expect(verifyInclusion({ ...previous.inclusion, leafHash: nodeHasher.leaf(previous.entry) }, root)).toBe(true);
    expect(previous.certificateEntry).toEqual(
      Buffer.from(encodeLogEntry({ type: "certificate", signed: first.certificate })),
    );
    const alone = await log.getInclusionProof({ receiptId: hexToBytes(first.id), waitMs: 0, anchor: undefined });
    expect(alone.previous).toBeUndefined();
  });

  test("holds receipts that come before their predecessor, and logs them when it comes", async () => {
    const { log } = await fixture.start();
    const provider = new SampleProvider("a");
    const works = Array.from({ length: 40 }, () => provider.serve());
    const [first, ...rest] = works;
    await fixture.publish(rest.toReversed());
    const [{ held } = { held: 0 }] = await fixture.database.query<{ held: number }>(
      "SELECT count(*)::int AS held FROM held_receipts",
    );
    expect(held).toBe(39);
    await fixture.publish(first === undefined ? [] : [first]);
    await log.getInclusionProof({ receiptId: hexToBytes(works.at(-1)?.id ?? "0x"), waitMs: 5_000, anchor: undefined });
    expect((await auditLog(log)).receipts).toEqual(idsOf(works));
    expect(await fixture.database.query("SELECT 1 FROM held_receipts")).toEqual([]);
    await waitFor(() => works.every(({ id }) => fixture.logged.has(id)));
  });

  test("refuses what waits too long, says why, and takes it when its predecessor comes after all", async () => {
    const { log } = await fixture.start({ holdMs: 10_000 });
    const provider = new SampleProvider("a");
    const [first, second] = [provider.serve(), provider.serve()];
    await fixture.publish([second]);
    fixture.clock.shiftMs = 11_000;
    const receiptId = hexToBytes(second.id);
    const refusal = await waitFor(async () => {
      const error = await log
        .getInclusionProof({ receiptId, waitMs: 0, anchor: undefined })
        .catch((fault: Error) => fault);
      return error instanceof Error && error.message.includes("RECEIPT_REFUSED") ? error : undefined;
    });
    expect(refusal.message).toContain("PREDECESSOR_MISSING");
    await fixture.publish([first, second], 2);
    await log.getInclusionProof({ receiptId, waitMs: 5_000, anchor: undefined });
    expect(await fixture.database.query("SELECT 1 FROM refused_receipts")).toEqual([]);
  });

  test("refuses forks of a session and events that do not verify, and goes on", async () => {
    const { log } = await fixture.start();
    const [a, twin, cheat] = [new SampleProvider("a"), new SampleProvider("a"), new SampleProvider("b")];
    const good = a.serve();
    const fork = twin.serve(0, { outputHash: `0x${"11".repeat(32)}` });
    const wrongFee = cheat.serve(0, { fee: 1n });
    await fixture.publish([good, fork, wrongFee]);
    const broken = settledPayload(good).with(40, 0xff);
    await fixture.bus.publish({ subject: "koinon.compute.v1.settled.0xab", id: "broken", payload: broken });
    await fixture.bus.publish({ subject: "koinon.compute.v1.settled.0xab", id: "junk", payload: Uint8Array.of(7, 7) });
    const rows = await fixture.database.query<{ reason: string }>(
      "SELECT reason FROM refused_receipts ORDER BY reason",
    );
    expect(rows.map(({ reason }) => reason)).toEqual([
      ...["DOCUMENT_MALFORMED", "EVENT_MALFORMED", "FEE_WRONG", "SESSION_CONFLICT"],
    ]);
    await log.getInclusionProof({ receiptId: hexToBytes(good.id), waitMs: 5_000, anchor: undefined });
    expect((await auditLog(log)).receipts).toEqual([good.id]);
  });

  test("takes no more held receipts than it may, and leaves the rest with the bus", async () => {
    const { log } = await fixture.start({ heldMax: 3 });
    const provider = new SampleProvider("a");
    const works = Array.from({ length: 6 }, () => provider.serve());
    const publishing = fixture.publish(works.slice(1));
    await waitFor(async () => (await fixture.database.query("SELECT 1 FROM held_receipts")).length === 3);
    await fixture.publish(works.slice(0, 1));
    await publishing;
    await log.getInclusionProof({ receiptId: hexToBytes(works[5]?.id ?? "0x"), waitMs: 5_000, anchor: undefined });
    expect((await auditLog(log)).receipts).toEqual(idsOf(works));
  });
});
