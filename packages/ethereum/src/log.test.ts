import { describe, expect, test } from "@jest/globals";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { toRlp } from "viem";
import { logsBloom } from "./bloom.ts";
import { type Log, LogWriter, logItem, topicsOf } from "./log.ts";
import { encodeRlp } from "./rlp.ts";

const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length });
// Lengths at which the prefixes of an RLP list and string grow, and single bytes, which may be their own encoding.
const data = fc.oneof(fc.uint8Array({ maxLength: 70 }), fc.uint8Array({ minLength: 200, maxLength: 300 }));
const parts = fc.record({ address: bytes(20).map(bytesToHex), topics: fc.array(bytes(32), { maxLength: 4 }), data });

describe("a log as its RLP", () => {
  test("says what the log said", () => {
    fc.assert(
      fc.property(parts, ({ address, topics, data }) => {
        const log: Log = { address, topics: topics.map(bytesToHex), data };
        const encoded = new LogWriter().write(address, topics, data);
        expect({ address: encoded.address, topics: encoded.topics, data: encoded.data }).toEqual(log);
        expect(topicsOf(encoded)).toEqual(topics);
        expect(topicsOf(log)).toEqual(topics);
        expect(logsBloom([encoded])).toEqual(logsBloom([log]));
      }),
    );
  });

  test("is an item of RLP like one that is not encoded", () => {
    fc.assert(
      fc.property(fc.array(parts, { maxLength: 4 }), (logs) => {
        const nested = logs.map(({ address, topics, data }) => [hexToBytes(address), topics, data]);
        // Pieces so small that a log ends one, or does not fit into any.
        const writer = new LogWriter(300);
        const encoded = logs.map(({ address, topics, data }) => writer.write(address, topics, data));
        const plain = logs.map(({ address, topics, data }) => ({ address, topics: topics.map(bytesToHex), data }));
        const expected = toRlp([Uint8Array.of(7), nested], "bytes");
        expect(encodeRlp([7, encoded.map(logItem)])).toEqual(expected);
        expect(encodeRlp([7, plain.map(logItem)])).toEqual(expected);
      }),
    );
  });

  test("holds copies", () => {
    const [topic, value] = [new Uint8Array(32).fill(1), Uint8Array.of(1, 2)];
    const log = new LogWriter().write(`0x${"ab".repeat(20)}`, [topic], value);
    topic.fill(9);
    value.fill(9);
    expect(log.topics).toEqual([`0x${"01".repeat(32)}`]);
    expect(log.data).toEqual(Uint8Array.of(1, 2));
  });
});
