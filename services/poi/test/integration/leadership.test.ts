import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { SampleProvider, sampleDomain } from "@koinon/contributions/sample-work";
import { acquireLease } from "@koinon/postgres/lease";
import { Secret } from "@koinon/runtime/secret";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { createSignerKey, formatSignerKey } from "@koinon/tlog/note-key";
import { openLogKey } from "../../src/log/log-key.ts";
import { nodeHasher } from "../../src/log/node-hasher.ts";
import { publishedChannel } from "../../src/log/published-log.ts";
import { LogWriter } from "../../src/sequencer/log-writer.ts";
import { SettledVerifier } from "../../src/settled/settled-verifier.ts";
import { auditLog } from "../log-checks.ts";
import { logKey, PoiFixture, type RunningPoi } from "../poi-fixture.ts";
import { settledPayload } from "../settled-events.ts";

let postgres: TestPostgres;
let fixture: PoiFixture;
beforeAll(async () => {
  postgres = await startTestPostgres({ durability: "full" });
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  fixture = await PoiFixture.open(postgres);
});
afterEach(() => fixture.close());

const roleOf = ({ poi }: RunningPoi) => poi.health().parts.find(({ name }) => name === "sequencer")?.detail;
const idOf = (work: { id: `0x${string}` } | undefined) => hexToBytes(work?.id ?? "0x");

/** Breaks the connection that holds the sequencer's lock, as a failing network would. */
async function breakLock(): Promise<void> {
  await fixture.database.query(
    `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND granted
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`,
  );
}

describe("one sequencer", () => {
  test("a second process waits, serves readers meanwhile, and takes over when the first stops", async () => {
    const first = await fixture.start();
    await waitFor(() => roleOf(first) === "sequencer");
    const second = await fixture.start();
    expect([roleOf(first), roleOf(second)]).toEqual(["sequencer", "standby"]);
    expect(second.poi.health().status).toBe("serving");
    const provider = new SampleProvider("a");
    const [one, two] = [provider.serve(), provider.serve()];
    await fixture.publish([one]);
    await second.log.getInclusionProof({ receiptId: idOf(one), waitMs: 5_000, anchor: undefined });
    await first.stop();
    await waitFor(() => roleOf(second) === "sequencer");
    await fixture.publish([two]);
    await second.log.getInclusionProof({ receiptId: idOf(two), waitMs: 5_000, anchor: undefined });
    expect((await auditLog(second.log)).receipts).toEqual([one.id, two.id]);
  });

  test("a lost lock ends the term; nothing is lost or doubled over many losses under load", async () => {
    const pois = [await fixture.start({ batchMax: 16 }), await fixture.start({ batchMax: 16 })] as const;
    const providers = ["a", "b"].map((name) => new SampleProvider(name));
    const works = Array.from({ length: 600 }, (_, i) => providers[i % 2]?.serve(i % 5)).filter(
      (work) => work !== undefined,
    );
    const publishing = fixture.publish(works);
    for (let loss = 0; loss < 4; loss++) {
      const before = await fixture.database.query<{ size: bigint }>("SELECT size FROM log_tree");
      await waitFor(async () => {
        const [row] = await fixture.database.query<{ size: bigint }>("SELECT size FROM log_tree");
        return (row?.size ?? 0n) > (before[0]?.size ?? 0n) + 20n || (row?.size ?? 0n) >= 604n;
      });
      await breakLock();
    }
    await publishing;
    for (const { id } of works)
      await pois[0].log.getInclusionProof({ receiptId: hexToBytes(id), waitMs: 5_000, anchor: undefined });
    const audited = await auditLog(pois[0].log);
    expect(audited.receipts.toSorted()).toEqual(works.map(({ id }) => id).toSorted());
  });

  test("a database that is killed and comes back is all it takes to go on", async () => {
    const running = await fixture.start({ batchMax: 8 });
    const provider = new SampleProvider("a");
    const works = Array.from({ length: 300 }, () => provider.serve());
    const publishing = fixture.publish(works);
    await waitFor(async () => (await fixture.database.query("SELECT 1 FROM log_entries")).length > 50);
    await postgres.kill();
    await waitFor(() => running.poi.health().status === "not-serving");
    await postgres.restart();
    await publishing;
    await waitFor(
      () => running.log.getInclusionProof({ receiptId: idOf(works.at(-1)), waitMs: 1_000, anchor: undefined }),
      {
        deadlineMs: 15_000,
      },
    );
    expect((await auditLog(running.log)).receipts).toEqual(works.map(({ id }) => id));
    await waitFor(() => running.poi.health().status === "serving");
  });
});

describe("fencing", () => {
  const verifier = new SettledVerifier({ domain: sampleDomain }, { clock: { now: () => Date.now() } });
  const options = { heldMax: 10, holdMs: 60_000, channel: publishedChannel };
  const openWriter = async () => {
    const connection = { url: fixture.place.url, applicationName: "test", schema: "poi" };
    const lease = await acquireLease({ ...connection, name: `test.${Math.random()}` });
    const key = openLogKey(formatSignerKey(logKey));
    return { lease, writer: await LogWriter.open(options, { lease, key, hasher: nodeHasher, clock: fixture.clock }) };
  };
  const loggable = (provider: SampleProvider) => {
    const verdict = verifier.verify(settledPayload(provider.serve()));
    if (verdict.kind === "refused") throw new Error(verdict.refusal.reason);
    return verdict.receipt;
  };

  test("two writers that both believe to be alone can not both append, nor publish what is not there", async () => {
    // Locks of different names: what remains is the comparison inside the transaction.
    const [one, two] = [await openWriter(), await openWriter()];
    await one.writer.append([loggable(new SampleProvider("a"))], []);
    await expect(two.writer.append([loggable(new SampleProvider("b"))], [])).rejects.toThrow("TREE_MOVED");
    await expect(two.writer.publish()).rejects.toThrow("TREE_MOVED");
    expect(await one.writer.publish()).toBe(true);
    expect(await one.writer.publish()).toBe(false);
    await one.lease.release();
    await two.lease.release();
  });

  test("a database of another log is refused", async () => {
    await fixture.start();
    const other = createSignerKey("log.example/other", "ed25519", new Uint8Array(32).fill(1));
    await expect(fixture.start({ logKey: new Secret(formatSignerKey(other)) })).rejects.toThrow(
      "LOG_OF_ANOTHER_ORIGIN",
    );
    const witnessKey = createSignerKey("log.example/other", "cosignature", new Uint8Array(32).fill(1));
    await expect(fixture.start({ logKey: new Secret(formatSignerKey(witnessKey)) })).rejects.toThrow("LOG_KEY_INVALID");
    await expect(fixture.start({ logKey: new Secret("nonsense") })).rejects.toThrow("LOG_KEY_INVALID");
  });
});
