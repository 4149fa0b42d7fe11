import { expect, test } from "@jest/globals";
import { bytesToHex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { getAddress } from "viem";
import { checksumAddress } from "./checksum-address.ts";

test("the case of digits is that of EIP-55, as viem has it", () => {
  expect(checksumAddress("0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed")).toBe(
    "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
  );
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 20, maxLength: 20 }), (bytes) => {
      expect(checksumAddress(bytesToHex(bytes))).toBe(getAddress(bytesToHex(bytes)));
    }),
  );
});
