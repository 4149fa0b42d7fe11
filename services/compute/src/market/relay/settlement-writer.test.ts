import { describe, expect, test } from "@jest/globals";
import { DatabaseError } from "@koinon/postgres/database-error";
import { zeroHash } from "@koinon/receipts/receipt";
import type { Hex } from "@koinon/secp256k1/hex";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { waitFor } from "@koinon/testkit/wait-for";
import { silentLog } from "../../../test/market/silent-log.ts";
import type { SettleOutcome, SettleRequest } from "../accounts/money-store.ts";
import { SettlementWriter } from "./settlement-writer.ts";

const requestId: Hex = `0x${"01".repeat(32)}`;
const receiptId: Hex = `0x${"02".repeat(32)}`;
const delivered = { digest: zeroHash, bytes: 3 };
const request: SettleRequest = {
  ...{ requestId, receiptId, provider: `0x${"03".repeat(20)}`, priceId: zeroHash, session: zeroHash, sequence: 0n },
  ...{
    previous: zeroHash,
    signedBy: { key: `0x${"04".repeat(20)}`, epoch: 1n },
    fee: 1n,
    relayed: true,
    attempts: [],
    now: 0,
  },
  receipt: {
    ...{ content: new Uint8Array(), signature: new Uint8Array() },
    ...{ input: { blinding: zeroHash, digest: zeroHash }, output: { blinding: zeroHash, digest: zeroHash } },
  },
  event: { subject: "s", payload: new Uint8Array() },
};
const idOf = (sequence: bigint): Hex => `0x${sequence.toString(16).padStart(64, "0")}`;
const placeOf = (sequence: bigint) => ({
  ...{ sequence, requestId: idOf(sequence + 1_000n), receiptId: idOf(sequence + 1n), previous: idOf(sequence) },
});
const away = () => new DatabaseError({ code: "DATABASE_UNREACHABLE", reason: "away" });
const never = new AbortController().signal;

describe("SettlementWriter", () => {
  /** A writer over a store that answers each settle with the next of these. */
  function open(
    answers: (SettleOutcome | Error)[],
    pendingMax = 10,
    answer: (request: SettleRequest) => Promise<SettleOutcome> = async () => {
      const next = answers.length > 1 ? answers.shift() : answers[0];
      if (next instanceof Error) throw next;
      return next as SettleOutcome;
    },
  ) {
    const clock = new FakeClock();
    const seen: string[] = [];
    const writer = new SettlementWriter(
      { pendingMax, retryMs: 1, retryMsMax: 2, predecessorMs: 50, sessionsMax: 10 },
      {
        ...{ clock, log: silentLog, onSettle: (_request, outcome) => seen.push(outcome) },
        money: {
          settle: answer,
          void: async ({ reason }) => {
            seen.push(`void ${reason}`);
            return "voided";
          },
          endRelay: async ({ delivered: { bytes } }) => {
            seen.push(`journal ${bytes}`);
          },
        },
      },
    );
    return { writer, clock, seen };
  }

  test("tries again while the store is away", async () => {
    const { writer, clock, seen } = open([away(), away(), "settled"]);
    writer.settle(request, clock.now() + 1_000, delivered);
    expect(writer.pending).toBe(1);
    await writer.pendingFor(receiptId);
    expect([seen, writer.pending, writer.pendingFor(requestId)]).toEqual([["settled"], 0, undefined]);
  });

  test("waits for the receipt before, and leaves it to the journal when that does not come", async () => {
    const { writer, clock, seen } = open(["predecessor-missing"]);
    writer.settle(request, clock.now() + 1_000, delivered);
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(seen).toEqual([]);
    clock.advance(50);
    await waitFor(() => seen.length === 2);
    expect(seen).toEqual(["predecessor-missing", "journal 3"]);
  });

  test("hands the receipts of a session to the store in their order, whichever answer ends first", async () => {
    const settled: bigint[] = [];
    let refused = 0;
    const { writer, clock } = open([], 10, async ({ sequence }) => {
      if (sequence !== BigInt(settled.length)) {
        refused += 1;
        return "predecessor-missing";
      }
      settled.push(sequence);
      return "settled";
    });
    for (const sequence of [2n, 1n, 3n, 0n, 5n, 4n]) {
      writer.settle({ ...request, ...placeOf(sequence) }, clock.now() + 1_000_000, delivered);
    }
    await writer.drain(never);
    expect([settled, refused]).toEqual([[0n, 1n, 2n, 3n, 4n, 5n], 0]);
  });

  test("what comes behind a receipt that the store did not take at first follows it", async () => {
    const settled: bigint[] = [];
    let failuresLeft = 1;
    const { writer, clock } = open([], 10, async ({ sequence }) => {
      if (failuresLeft-- > 0) throw away();
      if (sequence !== BigInt(settled.length)) return "predecessor-missing";
      settled.push(sequence);
      return "settled";
    });
    for (const sequence of [0n, 1n, 2n]) {
      writer.settle({ ...request, ...placeOf(sequence) }, clock.now() + 1_000_000, delivered);
    }
    await writer.drain(never);
    expect(settled).toEqual([0n, 1n, 2n]);
  });

  test("gives up when the reservation expires", async () => {
    const { writer, clock, seen } = open([away()]);
    writer.settle(request, clock.now() + 1, delivered);
    await writer.pendingFor(requestId);
    expect(seen).toEqual([]);
  });

  test("decisions about one request are written one after the other", async () => {
    const { writer, clock, seen } = open([away(), "settled"]);
    writer.settle(request, clock.now() + 1_000, delivered);
    writer.void({ requestId, relayedBy: "me", reason: "LATE", attempts: [], now: 0 }, clock.now() + 1_000);
    await writer.drain(never);
    expect(seen).toEqual(["settled", "void LATE"]);
  });

  test("has room only for so many, and tells when there is room again", async () => {
    const { writer, clock } = open([away(), "settled"], 1);
    await writer.room(never);
    writer.settle(request, clock.now() + 1_000, delivered);
    const leaving = new AbortController();
    const gone = writer.room(leaving.signal);
    leaving.abort(new Error("gone"));
    await expect(gone).rejects.toThrow("gone");
    await writer.room(never);
    expect(writer.pending).toBe(0);
  });

  test("a drain that takes too long gives up what is left", async () => {
    const { writer, clock, seen } = open([away()]);
    writer.settle(request, clock.now() + 1_000_000, delivered);
    await writer.drain(AbortSignal.abort());
    expect([seen, writer.pending]).toEqual([[], 0]);
  });
});
