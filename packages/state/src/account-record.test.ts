import { describe, expect, test } from "@jest/globals";
import { emptyCodeHash } from "@koinon/ethereum/account";
import { encodeRlp } from "@koinon/ethereum/rlp";
import { bytesToHex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import {
  accountLeaf,
  decodeAccountRecord,
  emptyStorageRoot,
  encodeAccountRecord,
  isAccountRecord,
  storageRootOf,
} from "./account-record.ts";

const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytesToHex);
const bits = (max: number) => fc.nat({ max }).chain((count) => fc.bigInt({ min: 0n, max: (1n << BigInt(count)) - 1n }));
const records = fc.record({
  nonce: bits(64),
  balance: bits(256),
  storageRoot: fc.oneof(fc.constant(emptyStorageRoot), hash),
  codeHash: fc.oneof(fc.constant(emptyCodeHash), hash),
});

describe("account records", () => {
  test("come back as they were, and are the RLP that a general encoder writes", () => {
    fc.assert(
      fc.property(records, (record) => {
        const bytes = encodeAccountRecord(record);
        expect(decodeAccountRecord(bytes)).toEqual(record);
        const { nonce, balance, storageRoot, codeHash } = record;
        const root = storageRoot === emptyStorageRoot ? "0x" : storageRoot;
        const code = codeHash === emptyCodeHash ? "0x" : codeHash;
        expect(bytes).toEqual(encodeRlp([nonce, balance, root, code]));
        expect(accountLeaf(bytes)).toEqual(encodeRlp([nonce, balance, storageRoot, codeHash]));
        expect(storageRootOf(bytes)).toBe(storageRoot);
        expect(isAccountRecord(bytes)).toBe(true);
      }),
      { numRuns: 1000 },
    );
  });

  test("hold the limits of every length", () => {
    for (let bit = 0n; bit <= 256n; bit++) {
      for (const balance of [(1n << bit) - 1n, 1n << bit].filter((value) => value < 1n << 256n)) {
        const nonce = BigInt.asUintN(64, balance);
        const record = { nonce, balance, storageRoot: emptyStorageRoot, codeHash: emptyCodeHash };
        expect(encodeAccountRecord(record)).toEqual(encodeRlp([nonce, balance, "0x", "0x"]));
        expect(decodeAccountRecord(encodeAccountRecord(record))).toEqual(record);
      }
    }
  });

  test("are told from other bytes", () => {
    fc.assert(
      fc.property(records, fc.nat(), fc.integer({ min: 1, max: 255 }), (record, place, change) => {
        const bytes = encodeAccountRecord(record);
        const at = place % bytes.length;
        bytes[at] = (bytes[at] as number) ^ change;
        if (isAccountRecord(bytes)) expect(encodeAccountRecord(decodeAccountRecord(bytes))).toEqual(bytes);
      }),
    );
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0xc0), new Uint8Array(200)])
      expect(isAccountRecord(bytes)).toBe(false);
  });
});
