import { describe, expect, test } from "@jest/globals";
import fc from "fast-check";
import { JsonRpcError } from "../json-rpc-error.ts";
import { readBlockReference } from "./block-reference.ts";
import { readAddress, readBytes, readHash, readPassingBytes, readSlot, readWord } from "./bytes.ts";
import { readCallMessage } from "./call-message.ts";
import { readLogQuery } from "./log-query.ts";
import { readBlockOverrides, readStateOverrides } from "./overrides.ts";
import { readTraceOptions } from "./trace-options.ts";

const address = `0x${"Ab".repeat(20)}`;
const hash = `0x${"12".repeat(32)}`;

describe("bytes", () => {
  test("are read whatever their case", () => {
    expect(readBytes("0xFf00")).toEqual(Uint8Array.of(255, 0));
    expect(readBytes("0x")).toEqual(new Uint8Array(0));
    expect(readAddress(address)).toBe(address.toLowerCase());
  });

  test.each(["0x1", "ff", "0xzz", "", 1, null, ["0x00"]])("%j is refused", (value) => {
    expect(() => readBytes(value)).toThrow();
  });

  test("those that pass are read, and refused, like others", () => {
    // The low byte of "İ" is that of "0".
    const digit = fc.constantFrom(..."0123456789abcdefABCDEFgxé\0İ０");
    const text = fc.array(digit, { maxLength: 8 }).map((digits) => `0x${digits.join("")}`);
    const outcome = (read: (value: unknown) => Uint8Array, value: string): unknown => {
      try {
        return [...read(value)];
      } catch (error) {
        return (error as Error).message;
      }
    };
    fc.assert(
      fc.property(text, (value) => {
        expect(outcome(readPassingBytes, value)).toEqual(outcome(readBytes, value));
      }),
    );
    for (const value of ["0xİ0", "0x0é", "0x00zz", "0X00", "00", "0x"]) {
      expect(outcome(readPassingBytes, value)).toEqual(outcome(readBytes, value));
    }
  });

  test("fixed lengths are exact", () => {
    expect(() => readAddress(hash)).toThrow("want 40 for common.Address");
    expect(() => readHash(address)).toThrow("want 64 for common.Hash");
    expect(() => readWord("0x01")).toThrow();
  });

  test("a slot may be short, a long one is refused", () => {
    expect(readSlot("0x0")).toBe(0n);
    expect(readSlot("0x")).toBe(0n);
    expect(readSlot(hash)).toBe(BigInt(hash));
    expect(() => readSlot(`${hash}00`)).toThrow("want at most 32 bytes");
    expect(() => readSlot("0xg")).toThrow(JsonRpcError);
  });
});

describe("block references", () => {
  test.each([
    ["latest", "latest"],
    ["pending", "pending"],
    ["safe", "safe"],
    ["finalized", "finalized"],
    ["earliest", "earliest"],
    ["0x10", 16n],
    [hash, hash],
    [{ blockHash: hash }, hash],
    [{ blockHash: hash, requireCanonical: true }, hash],
    [{ blockNumber: "0x1" }, 1n],
    [{ blockNumber: "safe" }, "safe"],
  ])("%j is %p", (value, expected) => {
    expect(readBlockReference(value)).toBe(expected);
  });

  test.each([
    "newest",
    "0x01",
    "0x8000000000000000",
    16,
    {},
    { blockHash: hash, blockNumber: "0x1" },
    { blockHash: "0x12" },
    { blockHash: hash, requireCanonical: "yes" },
  ])("%j is refused", (value) => {
    expect(() => readBlockReference(value)).toThrow();
  });
});

describe("messages", () => {
  test("input and data are the same thing", () => {
    expect(readCallMessage({ data: "0x01" }).data).toEqual(Uint8Array.of(1));
    expect(readCallMessage({ input: "0x01", data: "0x01" }).data).toEqual(Uint8Array.of(1));
    expect(() => readCallMessage({ input: "0x01", data: "0x02" })).toThrow("set and not equal");
  });

  test("two kinds of fee do not go together, blobs are refused", () => {
    expect(() => readCallMessage({ gasPrice: "0x1", maxFeePerGas: "0x1" })).toThrow("both gasPrice");
    expect(() => readCallMessage({ blobVersionedHashes: [hash] })).toThrow("blob transactions are not supported");
  });

  test("a complaint names the member", () => {
    expect(() => readCallMessage({ to: "0x12" })).toThrow(/to: hex string has length 2/);
    expect(() => readCallMessage({ accessList: [{ address: "0x" }] })).toThrow(/accessList: address:/);
    expect(() => readCallMessage([])).toThrow("is not an object");
  });
});

describe("log queries", () => {
  test("one address or many, null for any topic", () => {
    const lower = address.toLowerCase();
    expect(readLogQuery({ address }).filter.addresses).toEqual([lower]);
    expect(readLogQuery({ address: [address, address] }).filter.addresses).toEqual([lower, lower]);
    expect(readLogQuery({ topics: [null, hash, [hash, hash], [hash, null], []].slice(0, 4) }).filter.topics).toEqual([
      [],
      [hash],
      [hash, hash],
      [],
    ]);
  });

  test.each([
    { topics: [hash, hash, hash, hash, hash] },
    { topics: [new Array(1_001).fill(hash)] },
    { address: new Array(1_001).fill(address) },
    { blockHash: hash, fromBlock: "0x1" },
    { topics: hash },
    { address: [null] },
  ])("too much or too little is refused (%#)", (value) => {
    expect(() => readLogQuery(value)).toThrow();
  });
});

describe("overrides", () => {
  test("state and stateDiff do not go together, precompiles move", () => {
    const slots = { [hash]: hash };
    const [account] = readStateOverrides({ [address]: { stateDiff: slots } }).values();
    expect([...(account?.stateDiff ?? [])]).toEqual([[BigInt(hash), BigInt(hash)]]);
    expect(() => readStateOverrides({ [address]: { state: slots, stateDiff: slots } })).toThrow("has both");
    const moved = readStateOverrides({ [address]: { movePrecompileToAddress: address } });
    expect([...moved.values()]).toEqual([{ movePrecompileTo: address.toLowerCase() }]);
    expect(() => readStateOverrides({ [address]: { movePrecompileToAddress: "0x2" } })).toThrow("want 40");
    expect(() => readStateOverrides({ [address]: {}, [address.toLowerCase()]: {} })).toThrow("overridden twice");
  });

  test("both families of names are known", () => {
    expect(readBlockOverrides({ time: "0x5", baseFeePerGas: "0x7" })).toEqual({ timestamp: 5n, baseFeePerGas: 7n });
    expect(() => readBlockOverrides({ beaconRoot: hash })).toThrow("not supported for this RPC method");
  });
});

describe("trace settings", () => {
  test("defaults, durations and unknown tracers", () => {
    expect(readTraceOptions(undefined).tracer.name).toBe("structLog");
    expect(readTraceOptions({ timeout: "1.5s" }).timeoutMs).toBe(1_500);
    expect(() => readTraceOptions({ timeout: "1h" })).toThrow("not a duration");
    expect(() => readTraceOptions({ tracer: "{result: function() {}}" })).toThrow("no such tracer");
  });
});
