import { describe, expect, test } from "@jest/globals";
import { intrinsicGas } from "./intrinsic-gas.ts";
import type { DynamicFeePayload, LegacyPayload, SetCodePayload, TransactionPayload } from "./transaction.ts";
import { transactionRuleFault } from "./transaction-rules.ts";

const to = "0x00000000000000000000000000000000000000aa";
const common = { nonce: 0n, gasLimit: 100_000n, value: 1n, data: new Uint8Array(0), to } as const;
const fees = { maxFeePerGas: 10n, maxPriorityFeePerGas: 10n, accessList: [], chainId: 5n } as const;
const legacy: LegacyPayload = { type: 0, chainId: 5n, gasPrice: 10n, ...common };
const dynamic: DynamicFeePayload = { type: 2, ...common, ...fees };
const setCode: SetCodePayload = {
  type: 4,
  ...common,
  ...fees,
  authorizationList: [{ chainId: 0n, address: to, nonce: 0n, yParity: 0, r: 1n, s: 1n }],
};
const blobHash = `0x01${"00".repeat(31)}` as const;
const blob: TransactionPayload = { type: 3, ...common, ...fees, maxFeePerBlobGas: 1n, blobVersionedHashes: [blobHash] };

const codeUnder = (fork: "cancun" | "prague" | "osaka") => (payload: TransactionPayload) =>
  transactionRuleFault(payload, { fork, chainId: 5n })?.code;

describe("rules that need no state", () => {
  test.each<[string, TransactionPayload, string | undefined]>([
    ["a plain transfer", legacy, undefined],
    ["no replay protection", { ...legacy, chainId: undefined }, undefined],
    ["another chain", { ...legacy, chainId: 6n }, "CHAIN_ID_MISMATCH"],
    ["chain 0", { ...dynamic, chainId: 0n }, "CHAIN_ID_MISMATCH"],
    ["the last nonce", { ...legacy, nonce: 2n ** 64n - 2n }, undefined],
    ["a nonce too far", { ...legacy, nonce: 2n ** 64n - 1n }, "NONCE_AT_MAX"],
    ["a tip above the cap", { ...dynamic, maxPriorityFeePerGas: 11n }, "PRIORITY_FEE_ABOVE_MAX_FEE"],
    ["a cost beyond 2^256", { ...legacy, gasPrice: 2n ** 255n }, "COST_OVERFLOW"],
    ["gas for the transfer", { ...legacy, gasLimit: 21_000n }, undefined],
    ["a unit of gas too little", { ...legacy, gasLimit: 20_999n }, "INTRINSIC_GAS_TOO_LOW"],
    [
      "the largest init code",
      { ...legacy, to: undefined, data: new Uint8Array(49_152), gasLimit: 10_000_000n },
      undefined,
    ],
    [
      "init code too large",
      { ...legacy, to: undefined, data: new Uint8Array(49_153), gasLimit: 10_000_000n },
      "INIT_CODE_TOO_LARGE",
    ],
    ["a long call", { ...legacy, data: new Uint8Array(49_153), gasLimit: 10_000_000n }, undefined],
    ["authorizations", setCode, undefined],
    ["no authorizations", { ...setCode, authorizationList: [] }, "AUTHORIZATION_LIST_EMPTY"],
    ["a blob", blob, undefined],
    ["a blob transaction without blobs", { ...blob, blobVersionedHashes: [] }, "BLOB_HASHES_MISSING"],
    [
      "a blob of an unknown kind",
      { ...blob, blobVersionedHashes: [`0x02${"00".repeat(31)}`] },
      "BLOB_HASH_VERSION_UNKNOWN",
    ],
  ])("%s", (_name, payload, code) => {
    expect(codeUnder("osaka")(payload)).toBe(code);
  });

  test("come into force with their forks", () => {
    expect(codeUnder("cancun")(setCode)).toBe("TYPE_NOT_ACTIVE");
    expect(codeUnder("prague")(setCode)).toBeUndefined();
    // EIP-7623: 100 bytes of data are 400 tokens: 22,600 gas by the old price, 25,000 by the floor.
    const call = { ...legacy, data: new Uint8Array(100).fill(1), gasLimit: 24_999n };
    expect(codeUnder("cancun")(call)).toBeUndefined();
    expect(codeUnder("prague")(call)).toBe("FLOOR_DATA_GAS_TOO_LOW");
    expect(codeUnder("prague")({ ...call, gasLimit: 25_000n })).toBeUndefined();
    // EIP-7825.
    const large = { ...legacy, gasLimit: 16_777_217n };
    expect(codeUnder("prague")(large)).toBeUndefined();
    expect(codeUnder("osaka")(large)).toBe("GAS_LIMIT_ABOVE_CAP");
    expect(codeUnder("osaka")({ ...large, gasLimit: 16_777_216n })).toBeUndefined();
  });
});

test("intrinsic gas counts data, creation, access lists and authorizations", () => {
  expect(intrinsicGas({ ...legacy, data: Uint8Array.of(0, 1, 0) })).toBe(21_000n + 4n + 16n + 4n);
  expect(intrinsicGas({ ...legacy, to: undefined, data: new Uint8Array(33) })).toBe(53_000n + 33n * 4n + 2n * 2n);
  const accessList = [
    { address: to, storageKeys: [1n, 1n] },
    { address: to, storageKeys: [] },
  ] as const;
  expect(intrinsicGas({ ...dynamic, accessList })).toBe(21_000n + 2n * 2_400n + 2n * 1_900n);
  expect(intrinsicGas(setCode)).toBe(46_000n);
});
