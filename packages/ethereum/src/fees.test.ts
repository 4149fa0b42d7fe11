import { describe, expect, test } from "@jest/globals";
import { initialBaseFeePerGas, isGasLimitAllowed, nextBaseFeePerGas } from "./base-fee.ts";
import { baseFeePerBlobGas, gasPerBlob, nextExcessBlobGas } from "./blob-fee.ts";
import { mainnetBlobs } from "./fork-schedule.ts";

describe("base fee (EIP-1559)", () => {
  test.each([
    ["at the target", 10_000_000n, 1_000_000_000n],
    ["below the target", 9_000_000n, 987_500_000n],
    ["above the target", 11_000_000n, 1_012_500_000n],
    ["after an empty block", 0n, 875_000_000n],
    ["after a full block", 20_000_000n, 1_125_000_000n],
  ])("%s", (_name, gasUsed, expected) => {
    const parent = { baseFeePerGas: initialBaseFeePerGas, gasLimit: 20_000_000n, gasUsed };
    expect(nextBaseFeePerGas(parent)).toBe(expected);
  });

  test("rises by at least one wei above the target and may stay at zero below it", () => {
    expect(nextBaseFeePerGas({ baseFeePerGas: 0n, gasLimit: 20_000_000n, gasUsed: 10_000_001n })).toBe(1n);
    expect(nextBaseFeePerGas({ baseFeePerGas: 0n, gasLimit: 20_000_000n, gasUsed: 0n })).toBe(0n);
    expect(nextBaseFeePerGas({ baseFeePerGas: 7n, gasLimit: 20_000_000n, gasUsed: 0n })).toBe(7n);
  });

  test("the gas limit moves by less than a 1024th", () => {
    expect(isGasLimitAllowed(1_024_000n + 999n, 1_024_000n)).toBe(true);
    expect(isGasLimitAllowed(1_024_000n + 1_000n, 1_024_000n)).toBe(false);
    expect(isGasLimitAllowed(1_024_000n - 999n, 1_024_000n)).toBe(true);
    expect(isGasLimitAllowed(1_024_000n - 1_000n, 1_024_000n)).toBe(false);
    expect(isGasLimitAllowed(5_000n, 5_004n)).toBe(false);
    expect(isGasLimitAllowed(5_000n, 5_003n)).toBe(true);
    expect(isGasLimitAllowed(4_999n, 5_000n)).toBe(false);
  });
});

describe("blob base fee (EIP-4844)", () => {
  // Values of go-ethereum's tests for Cancun's fraction.
  test.each([
    [0n, 1n],
    [2_314_057n, 1n],
    [2_314_058n, 2n],
    [10n * 1024n * 1024n, 23n],
  ])("an excess of %d costs %d", (excess, price) => {
    expect(baseFeePerBlobGas(excess, mainnetBlobs.cancun)).toBe(price);
  });

  test.each([
    [2n, 1n, 6n],
    [4n, 2n, 6n],
    [3n, 1n, 16n],
    [6n, 2n, 18n],
    [4n, 1n, 49n],
    [8n, 2n, 50n],
    [5n, 1n, 136n],
    [5n, 2n, 11n],
    [50_000_000n, 2_225_652n, 5_709_098_764n],
  ])("e^(%d/%d) is taken for %d", (excess, baseFeeUpdateFraction, price) => {
    expect(baseFeePerBlobGas(excess, { target: 3, max: 6, baseFeeUpdateFraction })).toBe(price);
  });
});

describe("excess blob gas", () => {
  const after = (excess: bigint, blobs: bigint): bigint =>
    nextExcessBlobGas(
      { excessBlobGas: excess, blobGasUsed: blobs * gasPerBlob, baseFeePerGas: 7n },
      "cancun",
      mainnetBlobs.cancun,
    );

  test("follows the target of Cancun (EIP-4844)", () => {
    const target = 3n * gasPerBlob;
    expect([after(0n, 0n), after(0n, 3n), after(0n, 4n), after(1n, 5n)]).toEqual([
      0n,
      0n,
      gasPerBlob,
      2n * gasPerBlob + 1n,
    ]);
    expect([after(target, 3n), after(target, 1n), after(gasPerBlob - 1n, 2n)]).toEqual([target, gasPerBlob, 0n]);
  });

  test("does not fall while execution is dearer than blobs, from Osaka on (EIP-7918)", () => {
    const parent = { excessBlobGas: 0n, blobGasUsed: 6n * gasPerBlob };
    const osaka = mainnetBlobs.osaka;
    expect(nextExcessBlobGas({ ...parent, baseFeePerGas: 10n ** 9n }, "osaka", osaka)).toBe(2n * gasPerBlob);
    expect(nextExcessBlobGas({ ...parent, baseFeePerGas: 1n }, "osaka", osaka)).toBe(0n);
    expect(nextExcessBlobGas({ ...parent, baseFeePerGas: 10n ** 9n }, "prague", osaka)).toBe(0n);
  });

  // Blocks of a Fusaka test network, from go-ethereum's tests.
  test.each([
    [5_149_252n, 1_310_720n, 30n, { target: 9, max: 14, baseFeeUpdateFraction: 8_832_827n }, 5_617_366n],
    [19_251_039n, 2_490_368n, 50n, { target: 21, max: 32, baseFeeUpdateFraction: 20_609_697n }, 20_107_103n],
  ])("after %d and %d at base fee %d", (excessBlobGas, blobGasUsed, baseFeePerGas, blobs, expected) => {
    expect(nextExcessBlobGas({ excessBlobGas, blobGasUsed, baseFeePerGas }, "osaka", blobs)).toBe(expected);
  });
});
