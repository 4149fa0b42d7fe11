import { afterAll, describe, expect, test } from "@jest/globals";
import type { Hex } from "@koinon/secp256k1/hex";
import { EthereumError } from "../src/fault.ts";
import { intrinsicGas } from "../src/intrinsic-gas.ts";
import { decodeTransaction } from "../src/transaction-decode.ts";
import { encodeTransaction } from "../src/transaction-encode.ts";
import { transactionRuleFault } from "../src/transaction-rules.ts";
import { recoverSender, transactionHash } from "../src/transaction-signing.ts";
import { archive, casesUnder, hasArchive, unpack } from "./ethereum-tests.ts";

interface Outcome {
  readonly exception?: string;
  readonly intrinsicGas: string;
  readonly hash?: Hex;
  readonly sender?: Hex;
}
interface TransactionCase {
  readonly result: Readonly<Record<string, Outcome | undefined>>;
  readonly txbytes: string;
}

function judge(raw: Uint8Array): { hash: Hex; sender: Hex; gas: bigint } | string {
  try {
    const transaction = decodeTransaction(raw);
    expect(encodeTransaction(transaction)).toEqual(raw);
    const fault = transactionRuleFault(transaction, { fork: "cancun", chainId: 1n });
    if (fault !== undefined) return fault.code;
    return { hash: transactionHash(raw), sender: recoverSender(transaction), gas: intrinsicGas(transaction) };
  } catch (error) {
    if (error instanceof EthereumError) return error.code;
    throw error;
  }
}

if (!hasArchive) {
  test(`published transaction vectors are left out: ${archive} is not there (KOINON_VECTORS names its folder)`, () => {
    expect(hasArchive).toBe(false);
  });
} else {
  const folder = unpack("TransactionTests");
  afterAll(() => folder.remove());

  // The tests were filled for chain id 1; some files leave Cancun out where it says the same as the fork before it.
  describe("TransactionTests", () => {
    test.each([...casesUnder<TransactionCase>(`${folder.path}/TransactionTests`)])(
      "%s",
      (_name, { result, txbytes }) => {
        const expected = result.Cancun ?? result.Shanghai ?? result.London ?? result.Berlin;
        expect(expected).toBeDefined();
        const verdict = judge(new Uint8Array(Buffer.from(txbytes.slice(2), "hex")));
        if (expected?.exception !== undefined) {
          expect(typeof verdict).toBe("string");
        } else {
          expect(verdict).toEqual({
            hash: expected?.hash?.toLowerCase(),
            sender: expected?.sender?.toLowerCase(),
            gas: BigInt(expected?.intrinsicGas ?? 0),
          });
        }
      },
    );
  });
}
