import { describe, expect, test } from "@jest/globals";
import type { Log } from "@koinon/ethereum/log";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { encodeLogFilters, hashLogQuery, pieceMayMatch } from "./log-filter.ts";

const random = new SeededRandom("log filters");
const topic = (): Hex => bytesToHex(random.bytes(32));
const padded = (): Hex => `0x${"00".repeat(12)}${bytesToHex(random.bytes(20)).slice(2)}`;

/** Pieces of transfers as tokens log them. */
function transfers(pieces: number, logs: number): Log[][] {
  const signature = topic();
  return Array.from({ length: pieces }, () =>
    Array.from({ length: logs }, () => ({
      address: bytesToHex(random.bytes(20)),
      topics: [signature, padded(), padded()],
      data: new Uint8Array(0),
    })),
  );
}

describe("filters of a block's logs", () => {
  test("let pass whatever is there", () => {
    const pieces = [...transfers(3, 20), [], ...transfers(1, 1)];
    const filters = encodeLogFilters(pieces) ?? new Uint8Array(0);
    for (const [piece, logs] of pieces.entries()) {
      for (const { address, topics } of logs) {
        const groups = [[address], ...topics.map((each) => [topic(), each])];
        expect(pieceMayMatch(filters, { piece, pieces: pieces.length }, hashLogQuery(groups))).toBe(true);
      }
    }
    // A piece without logs matches nothing, not even a query that asks for anything.
    expect(pieceMayMatch(filters, { piece: 3, pieces: pieces.length }, hashLogQuery([[], []]))).toBe(false);
    expect(pieceMayMatch(filters, { piece: 4, pieces: pieces.length }, hashLogQuery([[], []]))).toBe(true);
  });

  test("rule out nearly everything else", () => {
    const pieces = transfers(10, 64);
    const filters = encodeLogFilters(pieces) ?? new Uint8Array(0);
    let alarms = 0;
    const asked = 2_000;
    for (let count = 0; count < asked; count++) {
      const query = hashLogQuery([[], [], [padded()]]);
      for (let piece = 0; piece < pieces.length; piece++) {
        if (pieceMayMatch(filters, { piece, pieces: pieces.length }, query)) alarms++;
      }
    }
    expect(alarms / (asked * pieces.length)).toBeLessThan(0.003);
    // Two bytes for the signature and each of three values a log, and where the filters end.
    expect(filters.length).toBe(10 * (64 * 3 + 1) * 2 + 10 * 4);
  });

  test("are not there for what a header's bloom tells well enough", () => {
    expect(encodeLogFilters([])).toBeUndefined();
    expect(encodeLogFilters(transfers(1, 20))).toBeUndefined();
    expect(encodeLogFilters(transfers(2, 40))).toBeDefined();
  });
});
