import { expect, test } from "@jest/globals";
import { precompiles } from "@koinon/precompiles/precompiles";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { MemoryState } from "@koinon/state/memory-state";
import { Evm } from "../src/evm.ts";

const evm = new Evm(
  { chainId: 1n, codeCacheBytes: 1 << 20, hashSecret: 0x9e3779b97f4a7c15f39cc0605cedc8341082276bf3a27251n },
  { precompiles, recoverAuthority: () => undefined },
);
const sender = "0x00000000000000000000000000000000000000aa";
const target = "0x0000000000000000000000000000000000000c0d";
const slots = 12_000;

/** Stores 1 in `slots` slots: the multiples of 2^shift, plus 5. */
function storingCode(shift: number, opcode: string): Uint8Array {
  const count = slots.toString(16).padStart(4, "0");
  // counter; loop: 1, (counter << shift) + 5, store; counter - 1; until zero
  const shiftByte = shift.toString(16).padStart(2, "0");
  return hexToBytes(`0x61${count}5b60018160${shiftByte}1b600501${opcode}600190038060035700`);
}

/** Milliseconds of executing and of telling the changes; the best of three. */
function measure(shift: number, opcode: string): number {
  const times = [1, 2, 3].map(() => {
    const state = new MemoryState([
      [sender, { balance: 10n ** 18n }],
      [target, { code: storingCode(shift, opcode) }],
    ]);
    const block = {
      ...{ number: 1n, timestamp: 1n, gasLimit: 10n ** 9n, prevRandao: `0x${"00".repeat(32)}` as const },
      ...({ beneficiary: sender, baseFeePerGas: 0n, baseFeePerBlobGas: 1n, blockHash: () => undefined } as const),
    };
    const began = performance.now();
    const execution = evm.beginBlock({ fork: "prague", state, block });
    const { succeeded, output } = execution.executeTransaction({
      sender,
      transaction: {
        ...{ type: 0, chainId: 1n, nonce: 0n, gasPrice: 0n, gasLimit: 10n ** 9n, to: target, value: 0n },
        data: new Uint8Array(0),
      },
    });
    const stored = [...(execution.changes().storage.get(target) ?? [])];
    const took = performance.now() - began;
    expect([succeeded, bytesToHex(output)]).toEqual([true, "0x"]);
    if (opcode === "55") expect(stored.length).toBe(slots);
    return took;
  });
  return Math.min(...times);
}

/** Milliseconds of putting the same keys into a map of the language: what is avoided. */
function measurePlainMap(shift: bigint): number {
  const began = performance.now();
  const map = new Map<bigint, number>();
  for (let index = 1; index <= slots; index++) map.set((BigInt(index) << shift) + 5n, index);
  return performance.now() - began;
}

test.each([
  ["SSTORE", "55"],
  ["TSTORE", "5d"],
])("slots that are chosen to fall together cost %s about as much as others", (_name, opcode) => {
  // Equal in their low 64 bits, which is all that a plain map looks at; and in their low 128.
  const plain = measure(8, opcode);
  expect(measure(64, opcode)).toBeLessThan(8 * plain + 20);
  expect(measure(128, opcode)).toBeLessThan(8 * plain + 20);
});

test("a plain map is what they were chosen against", () => {
  const plain = Math.min(...[1, 2, 3, 4, 5].map(() => measurePlainMap(8n)));
  expect(measurePlainMap(64n)).toBeGreaterThan(20 * plain);
});
