import { describe, expect, test } from "@jest/globals";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import fc from "fast-check";
import { toRlp } from "viem";
import { bloomMayContain, logsBloom, mergeBloom } from "./bloom.ts";
import { EthereumError } from "./fault.ts";
import type { Log } from "./log.ts";
import { createReceipt, decodeReceipt, encodeReceipt, type Receipt } from "./receipt.ts";

const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(bytesToHex);
const log: fc.Arbitrary<Log> = fc.record({
  address: hex(20),
  topics: fc.array(hex(32), { maxLength: 4 }),
  data: fc.uint8Array({ maxLength: 80 }),
});
const receipt: fc.Arbitrary<Receipt> = fc
  .record({
    type: fc.constantFrom(0, 1, 2, 3, 4) as fc.Arbitrary<Receipt["type"]>,
    succeeded: fc.boolean(),
    cumulativeGasUsed: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    logs: fc.array(log, { maxLength: 4 }),
  })
  .map(createReceipt);

/** The bloom by the yellow paper's words: bits numbered from the lowest of a 2048-bit integer. */
function naiveBloom(logs: readonly Log[]): Uint8Array {
  let bits = 0n;
  for (const entry of logs.flatMap(({ address, topics }) => [address, ...topics])) {
    const hash = bytesToHex(keccak256(hexToBytes(entry)));
    for (const start of [2, 6, 10]) bits |= 1n << (BigInt(`0x${hash.slice(start, start + 4)}`) % 2048n);
  }
  return hexToBytes(`0x${bits.toString(16).padStart(512, "0")}`);
}

describe("logs bloom", () => {
  test("is that of the yellow paper's words", () => {
    fc.assert(
      fc.property(fc.array(log, { maxLength: 5 }), (logs) => expect(logsBloom(logs)).toEqual(naiveBloom(logs))),
    );
  });

  test("contains what went in, and next to nothing else", () => {
    fc.assert(
      fc.property(fc.array(log, { maxLength: 5 }), hex(32), (logs, other) => {
        const bloom = logsBloom(logs);
        for (const { address, topics } of logs) {
          expect([address, ...topics].every((entry) => bloomMayContain(bloom, entry))).toBe(true);
        }
        // 25 entries set at most 75 of 2048 bits: a stranger passes once in 20,000.
        if (bloomMayContain(bloom, other)) expect(naiveContains(bloom, other)).toBe(true);
      }),
    );
  });

  test("of a block is the union", () => {
    fc.assert(
      fc.property(fc.array(log, { maxLength: 4 }), fc.array(log, { maxLength: 4 }), (left, right) => {
        const bloom = logsBloom(left);
        mergeBloom(bloom, logsBloom(right));
        expect(bloom).toEqual(logsBloom([...left, ...right]));
      }),
    );
  });

  test("does not depend on what was seen before: the memory of positions starts again when full", () => {
    const topics = Array.from({ length: 20_000 }, (_, index): Hex => `0x${index.toString(16).padStart(64, "0")}`);
    const logs = topics.map(
      (topic): Log => ({
        address: "0x0000000000000000000000000000000000000001",
        topics: [topic],
        data: new Uint8Array(0),
      }),
    );
    for (const one of logs) logsBloom([one]);
    for (const one of [...logs.slice(0, 20), ...logs.slice(-20)]) expect(logsBloom([one])).toEqual(naiveBloom([one]));
  });
});

describe("receipts", () => {
  test("survive encoding", () => {
    fc.assert(fc.property(receipt, (one) => expect(decodeReceipt(encodeReceipt(one))).toEqual(one)));
  });

  test("have the fields of EIP-658 in order, behind the type byte of EIP-2718", () => {
    fc.assert(
      fc.property(receipt, (one) => {
        const gas = one.cumulativeGasUsed.toString(16);
        const list = toRlp([
          one.succeeded ? "0x01" : "0x",
          gas === "0" ? "0x" : `0x${gas.padStart(gas.length + (gas.length % 2), "0")}`,
          bytesToHex(one.bloom),
          one.logs.map(({ address, topics, data }) => [address, [...topics], bytesToHex(data)]),
        ]);
        expect(bytesToHex(encodeReceipt(one))).toBe(one.type === 0 ? list : `0x0${one.type}${list.slice(2)}`);
      }),
    );
  });

  test("any change of a byte is refused or is another receipt's only encoding", () => {
    fc.assert(
      fc.property(receipt, fc.nat(), fc.nat(255), (one, position, byte) => {
        const bytes = Uint8Array.from(encodeReceipt(one));
        bytes[position % bytes.length] = byte;
        let decoded: Receipt;
        try {
          decoded = decodeReceipt(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EthereumError);
          return;
        }
        expect(encodeReceipt(decoded)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });
});

function naiveContains(bloom: Uint8Array, entry: Hex): boolean {
  const single = naiveBloom([{ address: entry, topics: [], data: new Uint8Array(0) }]);
  return single.every((byte, index) => (byte & (bloom[index] as number)) === byte);
}
