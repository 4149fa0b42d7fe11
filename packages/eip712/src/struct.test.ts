import { describe, expect, test } from "@jest/globals";
import type { Address } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import fc from "fast-check";
import { encodeAbiParameters, hashStruct, hashTypedData, toFunctionSelector } from "viem";
import { createDomain } from "./domain.ts";
import { TypedDataError } from "./fault.ts";
import { defineStruct } from "./struct.ts";

interface Person {
  readonly name: string;
  readonly wallet: Address;
}
interface Mail {
  readonly from: Person;
  readonly to: Person;
  readonly contents: string;
}
const personStruct = defineStruct<Person>("Person", { name: "string", wallet: "address" });
const mailStruct = defineStruct<Mail>("Mail", { from: personStruct, to: personStruct, contents: "string" });

interface Point {
  readonly x: number;
  readonly on: boolean;
}
interface Everything {
  readonly small: number;
  readonly middle: number;
  readonly wide: number;
  readonly point: Point;
  readonly ids: readonly Hex[];
  readonly time: bigint;
  readonly flag: boolean;
  readonly fee: bigint;
  readonly label: string;
  readonly total: bigint;
  readonly party: Address;
  readonly id: Hex;
  readonly person: Person;
}
const pointStruct = defineStruct<Point>("Point", { x: "uint32", on: "bool" });
const everything = defineStruct<Everything>("Everything", {
  small: "uint8",
  middle: "uint16",
  wide: "uint32",
  point: pointStruct,
  ids: "bytes32[]",
  time: "uint64",
  flag: "bool",
  fee: "uint128",
  label: "string",
  total: "uint256",
  party: "address",
  id: "bytes32",
  person: personStruct,
});
const viemTypes = {
  Everything: [
    { name: "small", type: "uint8" },
    { name: "middle", type: "uint16" },
    { name: "wide", type: "uint32" },
    { name: "point", type: "Point" },
    { name: "ids", type: "bytes32[]" },
    { name: "time", type: "uint64" },
    { name: "flag", type: "bool" },
    { name: "fee", type: "uint128" },
    { name: "label", type: "string" },
    { name: "total", type: "uint256" },
    { name: "party", type: "address" },
    { name: "id", type: "bytes32" },
    { name: "person", type: "Person" },
  ],
  Person: [
    { name: "name", type: "string" },
    { name: "wallet", type: "address" },
  ],
  Point: [
    { name: "x", type: "uint32" },
    { name: "on", type: "bool" },
  ],
} as const;
const abiTuple = [
  {
    type: "tuple",
    components: viemTypes.Everything.map((member) =>
      member.type === "Person" || member.type === "Point"
        ? { ...member, type: "tuple", components: viemTypes[member.type] }
        : member,
    ),
  },
];

const hexOf = (sizeBytes: number) => fc.uint8Array({ minLength: sizeBytes, maxLength: sizeBytes }).map(bytesToHex);
const uint = (bits: bigint) =>
  fc.oneof(fc.constantFrom(0n, 1n, 2n ** bits - 1n, 2n ** (bits - 1n)), fc.bigInt({ min: 0n, max: 2n ** bits - 1n }));
const text = fc.string({ unit: "binary", maxLength: 70 }).filter((value) => value.isWellFormed());
const person = fc.record({ name: text, wallet: hexOf(20) });
const values: fc.Arbitrary<Everything> = fc.record({
  small: fc.nat(255),
  middle: fc.nat(65_535),
  wide: fc.nat(2 ** 32 - 1),
  point: fc.record({ x: fc.nat(2 ** 32 - 1), on: fc.boolean() }),
  ids: fc.array(hexOf(32), { maxLength: 4 }),
  time: uint(64n),
  flag: fc.boolean(),
  fee: uint(128n),
  label: text,
  total: uint(256n),
  party: hexOf(20),
  id: hexOf(32),
  person,
});
const sample: Everything = {
  small: 255,
  middle: 1,
  wide: 2 ** 32 - 1,
  point: { x: 7, on: true },
  ids: [`0x${"11".repeat(32)}`, `0x${"22".repeat(32)}`],
  time: 1_700_000_000_000n,
  flag: false,
  fee: 2n ** 127n,
  label: "caf\u00e9",
  total: 5n,
  party: "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826",
  id: `0x${"ab".repeat(32)}`,
  person: { name: "", wallet: "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" },
};
const domainFields = {
  name: "Koinon",
  version: "1",
  chainId: 31_337n,
  verifyingContract: "0x0000000000000000000000000000000000000000",
} as const;

function reasonOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof TypedDataError)) throw error;
    return error.fault.code === "TYPED_ENCODING_INVALID" ? error.fault.reason : error.fault.code;
  }
  return "accepted";
}

describe("EIP-712", () => {
  test("the specification's Mail example", () => {
    const mail: Mail = {
      from: { name: "Cow", wallet: "0xcd2a3d9f938e13cd947ec05abc7fe734df8dd826" },
      to: { name: "Bob", wallet: "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" },
      contents: "Hello, Bob!",
    };
    const domain = createDomain({
      name: "Ether Mail",
      version: "1",
      chainId: 1n,
      verifyingContract: "0xcccccccccccccccccccccccccccccccccccccccc",
    });
    expect(mailStruct.encodeType).toBe("Mail(Person from,Person to,string contents)Person(string name,address wallet)");
    expect(bytesToHex(mailStruct.typeHash)).toBe("0xa0cedeb2dc280ba39b857546d74f5549c3a1d7bdc2dd96bf881f76108e23dac2");
    expect(bytesToHex(mailStruct.hash(mail))).toBe(
      "0xc52c0ee5d84264471806290a3f2c4cecfc5490626bf912d01f240d7a274b371e",
    );
    expect(bytesToHex(domain.separator)).toBe("0xf2cee375fa42b42143804025fc449deafd50cc031ca257e0b194a650a912090f");
    const digest = domain.digest(mailStruct.hash(mail));
    expect(bytesToHex(digest)).toBe("0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2");
    const cow = createSigner(keccak256(new TextEncoder().encode("cow")));
    expect(bytesToHex(cow.sign(digest))).toBe(
      "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b915621c",
    );
  });

  test("nested structs come behind the own definition in the order of their names", () => {
    expect(everything.encodeType).toMatch(/^Everything\(.*Person person\)Person\(.*\)Point\(uint32 x,bool on\)$/);
  });

  test("struct hashes and digests agree with viem", () => {
    const domain = createDomain(domainFields);
    fc.assert(
      fc.property(values, (value) => {
        expect(bytesToHex(everything.hash(value))).toBe(
          hashStruct({ data: { ...value }, primaryType: "Everything", types: viemTypes }),
        );
        expect(bytesToHex(domain.digest(everything.hash(value)))).toBe(
          hashTypedData({ domain: domainFields, types: viemTypes, primaryType: "Everything", message: value }),
        );
      }),
      { numRuns: 200 },
    );
  });
});

describe("ABI encoding", () => {
  test("agrees with viem and decodes to the value", () => {
    fc.assert(
      fc.property(values, (value) => {
        const bytes = everything.encode(value);
        expect(bytesToHex(bytes)).toBe(encodeAbiParameters(abiTuple, [value]));
        expect(everything.decode(bytes)).toEqual(value);
        const inside = new Uint8Array(bytes.length + 3);
        inside.set(bytes, 3);
        expect(everything.hashEncoded(inside.subarray(3))).toEqual(everything.hash(value));
        const shifted = new Uint8Array(bytes.length + 7);
        shifted.set(bytes, 7);
        expect(everything.decode(shifted.subarray(7))).toEqual(value);
      }),
      { numRuns: 300 },
    );
  });

  test("a static struct has no leading offset", () => {
    expect(bytesToHex(pointStruct.encode({ x: 1, on: true }))).toBe(
      `0x${"1".padStart(64, "0")}${"1".padStart(64, "0")}`,
    );
    expect(pointStruct.decode(pointStruct.encode({ x: 1, on: true }))).toEqual({ x: 1, on: true });
    expect(reasonOf(() => pointStruct.decode(new Uint8Array(32)))).toBe("too short");
    expect(reasonOf(() => pointStruct.decode(new Uint8Array(96)))).toBe("trailing bytes");
  });

  test("whatever decodes, encodes to the same bytes: changed, cut and extended encodings", () => {
    let accepted = 0;
    const changes = fc.array(
      fc.record({ at: fc.nat(2_000), to: fc.oneof(fc.constantFrom(0, 1, 32, 255), fc.nat(255)) }),
      {
        minLength: 1,
        maxLength: 3,
      },
    );
    fc.assert(
      fc.property(values, changes, fc.integer({ min: -40, max: 40 }), (value, edits, resize) => {
        const original = everything.encode(value);
        const bytes = new Uint8Array(Math.max(0, original.length + (resize % 3 === 0 ? resize : 0)));
        bytes.set(original.subarray(0, bytes.length));
        for (const { at, to } of edits) if (bytes.length > 0) bytes[at % bytes.length] = to;
        let decoded: Everything;
        try {
          decoded = everything.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(TypedDataError);
          return;
        }
        accepted++;
        expect(everything.encode(decoded)).toEqual(bytes);
      }),
      { numRuns: 5_000 },
    );
    expect(accepted).toBeGreaterThan(100);
  });

  test("every single-byte change of an encoding is refused or decodes to another value", () => {
    const original = everything.encode(sample);
    for (let index = 0; index < original.length; index++) {
      for (const flip of [0x01, 0x80, 0xff]) {
        const bytes = original.slice();
        bytes[index] = (bytes[index] as number) ^ flip;
        let decoded: Everything | undefined;
        try {
          decoded = everything.decode(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(TypedDataError);
        }
        if (decoded !== undefined)
          expect([index, bytesToHex(everything.encode(decoded))]).toEqual([index, bytesToHex(bytes)]);
      }
    }
  });

  test("each way of being non-canonical is named", () => {
    const bytes = personStruct.encode({ name: "Bob", wallet: "0xbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb" });
    const changed = (index: number, to: number): Uint8Array => bytes.map((byte, at) => (at === index ? to : byte));
    // Words: 0 offset of the tuple, 1 offset of name, 2 wallet, 3 length of name, 4 its text.
    expect(reasonOf(() => personStruct.decode(bytes))).toBe("accepted");
    expect(reasonOf(() => personStruct.decode(changed(31, 64)))).toBe("offset");
    expect(reasonOf(() => personStruct.decode(changed(0, 1)))).toBe("padding");
    expect(reasonOf(() => personStruct.decode(changed(63, 96)))).toBe("offset");
    expect(reasonOf(() => personStruct.decode(changed(63, 32)))).toBe("offset");
    expect(reasonOf(() => personStruct.decode(changed(64, 1)))).toBe("padding");
    expect(reasonOf(() => personStruct.decode(changed(127, 2)))).toBe("padding");
    expect(reasonOf(() => personStruct.decode(changed(127, 33)))).toBe("too short");
    expect(reasonOf(() => personStruct.decode(changed(124, 255)))).toBe("too short");
    expect(reasonOf(() => personStruct.decode(changed(128, 0xff)))).toBe("not UTF-8");
    expect(reasonOf(() => personStruct.decode(changed(159, 1)))).toBe("padding");
    expect(reasonOf(() => personStruct.decode(bytes.subarray(0, 159)))).toBe("too short");
    expect(reasonOf(() => personStruct.decode(Uint8Array.from([...bytes, 0])))).toBe("trailing bytes");
    expect(reasonOf(() => personStruct.decode(new Uint8Array(0)))).toBe("too short");
    expect(reasonOf(() => pointStruct.decode(pointStruct.encode({ x: 1, on: true }).fill(2, 63)))).toBe("out of range");
  });

  test("a huge item count is refused before anything is allocated", () => {
    const ids = defineStruct<{ ids: readonly Hex[] }>("Ids", { ids: "bytes32[]" });
    const bytes = ids.encode({ ids: [] });
    bytes.fill(0xff, bytes.length - 4);
    expect(reasonOf(() => ids.decode(bytes))).toBe("too short");
  });
});

describe("values that their type can not hold", () => {
  const invalid: readonly [keyof Everything, unknown][] = [
    ["small", 256],
    ["small", -1],
    ["small", 1.5],
    ["small", -0],
    ["small", 1n],
    ["small", Number.NaN],
    ["middle", 65_536],
    ["wide", 2 ** 32],
    ["time", 2n ** 64n],
    ["time", -1n],
    ["time", 1],
    ["fee", 2n ** 128n],
    ["fee", -1n],
    ["total", 2n ** 256n],
    ["flag", 1],
    ["flag", undefined],
    ["party", "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"],
    ["party", `0x${"00".repeat(19)}`],
    ["id", `0x${"00".repeat(33)}`],
    ["id", "00".repeat(33)],
    ["label", "\ud800"],
    ["label", undefined],
    ["ids", ["0x00"]],
    ["ids", "0x00"],
    ["point", { x: -1, on: true }],
    ["point", undefined],
    ["person", null],
  ];
  test.each(invalid)("%s: %p", (member, value) => {
    const wrong = { ...sample, [member]: value };
    expect(reasonOf(() => everything.encode(wrong))).toBe("TYPED_VALUE_INVALID");
    expect(reasonOf(() => everything.hash(wrong))).toBe("TYPED_VALUE_INVALID");
  });

  test("a nested type must be a compiled struct", () => {
    const notCompiled = { ...personStruct };
    expect(() => defineStruct<{ a: Person }>("Outer", { a: notCompiled })).toThrow("Outer.a is not a compiled struct");
  });

  // viem hashes a function signature with the same keccak: guards against a wrong keccak variant in this package's imports.
  test("keccak is Ethereum's", () => {
    expect(bytesToHex(keccak256(new TextEncoder().encode("transfer(address,uint256)")).subarray(0, 4))).toBe(
      toFunctionSelector("transfer(address,uint256)"),
    );
  });
});
