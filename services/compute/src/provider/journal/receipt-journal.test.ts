import { appendFileSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import type { JournaledReceipt, JournaledSession } from "./journal-record.ts";
import { ReceiptJournal } from "./receipt-journal.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;

beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

const open = (options: { pendingMax?: number; sessionsMax?: number } = {}) =>
  ReceiptJournal.open(
    { folder: folder.path, pendingMax: 1000, sessionsMax: 100, ...options },
    {
      onSyncFailure: (error) => {
        throw error;
      },
    },
  );
const file = () => path.join(folder.path, "receipts.journal");

function bytes(length: number, fill: number): Buffer {
  return Buffer.alloc(length, fill);
}

function receipt(id: number, contentBytes = 700): JournaledReceipt {
  const identity = {
    receiptId: bytes(32, 0),
    requestId: bytes(32, 0),
    content: bytes(contentBytes, id),
    signature: bytes(65, id),
  };
  identity.receiptId.writeUInt32BE(id);
  identity.requestId.writeUInt32BE(id, 28);
  const openings = {
    inputBlinding: bytes(32, 1),
    inputDigest: bytes(32, 2),
    outputBlinding: bytes(32, 3),
    outputDigest: bytes(32, 4),
  };
  return { ...identity, ...openings };
}

function session(id: number, sequence: number, receiptId: Buffer): JournaledSession {
  return { consumer: bytes(20, id), session: bytes(32, id), sequence: BigInt(sequence), receiptId };
}

function add(journal: ReceiptJournal, id: number, consumer = 1): void {
  const kept = receipt(id);
  journal.add(kept, session(consumer, id, kept.receiptId));
}

describe("ReceiptJournal", () => {
  test("keeps receipts and sessions over a restart without a clean end", () => {
    const journal = open();
    for (const id of [1, 2]) add(journal, id);
    journal.settle([receipt(2).receiptId]);
    add(journal, 3);
    const reopened = open();
    expect(reopened.oldest(10)).toEqual([receipt(1), receipt(3)]);
    expect(reopened.session(bytes(20, 1))).toEqual(session(1, 3, receipt(3).receiptId));
    expect(reopened.hasRequest(receipt(1).requestId)).toBe(true);
    expect(reopened.hasRequest(receipt(2).requestId)).toBe(false);
  });

  test("a receipt settled last may come back after a crash, and not after a clean end", async () => {
    const journal = open();
    for (const id of [1, 2]) add(journal, id);
    journal.settle([receipt(1).receiptId, receipt(1).receiptId, receipt(9).receiptId]);
    expect(journal.oldest(10)).toEqual([receipt(2)]);
    expect(open().oldest(10)).toEqual([receipt(1), receipt(2)]);
    await journal.close();
    expect(open().oldest(10)).toEqual([receipt(2)]);
  });

  test("cut anywhere, it opens with exactly the whole records before the cut, and goes on from there", () => {
    const journal = open();
    for (const id of [1, 2, 3]) add(journal, id);
    const whole = readFileSync(file());
    const record = whole.length / 3;
    for (let length = 0; length < whole.length; length += 13) {
      writeFileSync(file(), whole);
      truncateSync(file(), length);
      const torn = open();
      const kept = Math.floor(length / record);
      expect([length, torn.pendingCount, torn.tornBytes]).toEqual([length, kept, length - kept * record]);
      add(torn, 9);
      expect(open().pendingCount).toBe(kept + 1);
    }
  });

  test("a damaged record ends the reading; rubbish behind it is cut away", () => {
    const journal = open();
    add(journal, 1);
    appendFileSync(file(), Buffer.from("0000000000000000 not a record"));
    const reopened = open();
    expect(reopened.pendingCount).toBe(1);
    expect(reopened.tornBytes).toBe(29);
    const damaged = readFileSync(file());
    damaged.writeUInt8(damaged.readUInt8(40) ^ 1, 40);
    writeFileSync(file(), damaged);
    expect(open().pendingCount).toBe(0);
  });

  test("an ended session stays ended, also when its receipts wait through a compaction", () => {
    const journal = open({ pendingMax: 100_000 });
    add(journal, 1, 7);
    journal.endSession(bytes(20, 7));
    for (let id = 2; id < 8_000; id++) add(journal, id, 5);
    journal.settle(Array.from({ length: 7_990 }, (_, i) => receipt(i + 2).receiptId));
    const { length } = readFileSync(file());
    expect(length).toBeLessThan(100_000);
    const reopened = open();
    expect(reopened.session(bytes(20, 7))).toBeUndefined();
    expect(reopened.session(bytes(20, 5))).toEqual(session(5, 7_999, receipt(7_999).receiptId));
    expect(reopened.oldest(100).map(({ receiptId }) => receiptId.readUInt32BE())).toEqual([
      1, 7_992, 7_993, 7_994, 7_995, 7_996, 7_997, 7_998, 7_999,
    ]);
    add(reopened, 8_001, 5);
    expect(open().pendingCount).toBe(10);
  });

  test("bounds: no room for more waiting receipts, and the longest unused session is forgotten", () => {
    const journal = open({ pendingMax: 2, sessionsMax: 2 });
    add(journal, 1, 1);
    expect(() => journal.assertRoom()).not.toThrow();
    add(journal, 2, 2);
    expect(() => journal.assertRoom()).toThrow("JOURNAL_FULL");
    add(journal, 3, 1);
    add(journal, 4, 3);
    expect(journal.session(bytes(20, 2))).toBeUndefined();
    expect(journal.session(bytes(20, 1))).toBeDefined();
  });
});
