import { bytesToHex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import type { AccessListEntry, Authorization, TransactionPayload } from "../src/transaction.ts";

const uint = (bits: number): fc.Arbitrary<bigint> =>
  fc
    .tuple(fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n }), fc.nat(bits))
    .map(([value, shift]) => value >> BigInt(shift));
const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(bytesToHex);
// viem reads chain ids and nonces as numbers.
const chainId = fc.oneof(fc.constant(1n), uint(48));
const nonce = uint(48);

const common = {
  nonce,
  gasLimit: uint(64),
  value: uint(256),
  data: fc.uint8Array({ maxLength: 100 }),
};
const entry: fc.Arbitrary<AccessListEntry> = fc.record({
  address: hex(20),
  storageKeys: fc.array(uint(256), { maxLength: 3 }),
});
const accessList = fc.array(entry, { maxLength: 3 });
// viem checks that fee caps fit 256 bits and that the priority fee is not above the cap.
const fees = fc
  .tuple(uint(250), uint(250))
  .map(([tip, more]) => ({ maxFeePerGas: tip + more, maxPriorityFeePerGas: tip }));
const authorization: fc.Arbitrary<Authorization> = fc.record({
  chainId,
  address: hex(20),
  nonce,
  yParity: fc.nat(1),
  r: uint(256).map((value) => value | 1n),
  s: uint(256).map((value) => value | 1n),
});
const recipient = fc.option(hex(20), { nil: undefined });

/** Payloads of every type, valid as encodings. */
export const payloads: fc.Arbitrary<TransactionPayload> = fc.oneof(
  fc.record({
    type: fc.constant(0 as const),
    chainId: fc.option(
      chainId.map((id) => id + 1n),
      { nil: undefined },
    ),
    gasPrice: uint(250),
    to: recipient,
    ...common,
  }),
  fc.record({ type: fc.constant(1 as const), chainId, gasPrice: uint(250), accessList, to: recipient, ...common }),
  fc
    .tuple(fc.record({ type: fc.constant(2 as const), chainId, accessList, to: recipient, ...common }), fees)
    .map(([payload, fee]) => ({ ...payload, ...fee })),
  fc
    .tuple(
      fc.record({
        type: fc.constant(3 as const),
        chainId,
        accessList,
        to: hex(20),
        maxFeePerBlobGas: uint(250),
        blobVersionedHashes: fc.array(
          hex(31).map((tail) => `0x01${tail.slice(2)}` as const),
          { minLength: 1, maxLength: 3 },
        ),
        ...common,
      }),
      fees,
    )
    .map(([payload, fee]) => ({ ...payload, ...fee })),
  fc
    .tuple(
      fc.record({
        type: fc.constant(4 as const),
        chainId,
        accessList,
        to: hex(20),
        authorizationList: fc.array(authorization, { minLength: 1, maxLength: 3 }),
        ...common,
      }),
      fees,
    )
    .map(([payload, fee]) => ({ ...payload, ...fee })),
);
