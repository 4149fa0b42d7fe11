import { createTxFromRLP } from "@ethereumjs/tx";
import { describe, expect, test } from "@jest/globals";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { parseTransaction, recoverTransactionAddress, type TransactionSerialized } from "viem";
import { recoverAuthorizationAddress } from "viem/utils";
import { EthereumError } from "../src/fault.ts";
import type { Authorization, Transaction, TransactionPayload } from "../src/transaction.ts";
import { decodePayload, decodeTransaction, payloadOf, transactionType } from "../src/transaction-decode.ts";
import { encodeTransaction } from "../src/transaction-encode.ts";
import {
  recoverAuthority,
  recoverSender,
  signAuthorization,
  signTransaction,
  transactionHash,
} from "../src/transaction-signing.ts";
import { payloads } from "./arbitrary-transaction.ts";
import { codeOf } from "./code-of.ts";

const signer = createSigner(new Uint8Array(32).fill(7));

describe("signed transactions of every type", () => {
  test("survive encoding, and give hash and sender back", () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const transaction = signTransaction(payload, signer);
        const raw = encodeTransaction(transaction);
        expect(decodeTransaction(raw)).toEqual(transaction);
        expect(recoverSender(transaction)).toBe(signer.address);
        expect(recoverSender(transaction, raw)).toBe(signer.address);
      }),
    );
  });

  test("are decoded up to the signature as they are decoded as a whole", () => {
    fc.assert(
      fc.property(payloads, (payload) => {
        const transaction = signTransaction(payload, signer);
        const raw = encodeTransaction(transaction);
        const decoded = decodePayload(raw);
        expect({ ...decoded, signature: transaction.signature }).toEqual(transaction);
        expect(transactionType(raw)).toBe(payload.type);
        const encoded = { raw, hash: transactionHash(raw), sender: signer.address };
        expect(payloadOf(encoded)).toEqual(decoded);
        expect(payloadOf({ ...encoded, transaction: decoded })).toBe(decoded);
      }),
    );
  });

  test("are read by viem as they were meant, with the same signer", async () => {
    await fc.assert(
      fc.asyncProperty(payloads, async (payload) => {
        // viem takes the empty string of a zero nonce or chain id for no number in some types.
        if (payload.nonce === 0n || payload.chainId === 0n) return;
        const raw = bytesToHex(encodeTransaction(signTransaction(payload, signer))) as TransactionSerialized;
        const theirs = parseTransaction(raw);
        expect({
          nonce: BigInt(theirs.nonce ?? 0),
          gas: theirs.gas ?? 0n,
          value: theirs.value ?? 0n,
          to: theirs.to?.toLowerCase(),
          data: theirs.data ?? "0x",
        }).toEqual({
          nonce: payload.nonce,
          gas: payload.gasLimit,
          value: payload.value,
          to: payload.to,
          data: bytesToHex(payload.data),
        });
        const signed = await recoverTransactionAddress({ serializedTransaction: raw as never });
        expect(signed.toLowerCase()).toBe(signer.address);
      }),
      { numRuns: 60 },
    );
  });

  test("are read by ethereumjs with the same hash and signer", () => {
    let compared = 0;
    fc.assert(
      fc.property(payloads, (payload) => {
        // ethereumjs refuses some payloads on grounds that are rules and not encoding: the chain, costs beyond 256 bits, no KZG.
        let theirs: ReturnType<typeof createTxFromRLP>;
        const raw = encodeTransaction(signTransaction(payload, signer));
        try {
          theirs = createTxFromRLP(raw, {});
        } catch {
          return;
        }
        compared++;
        expect(bytesToHex(theirs.hash())).toBe(transactionHash(raw));
        expect(theirs.getSenderAddress().toString()).toBe(signer.address);
      }),
      { numRuns: 200 },
    );
    expect(compared).toBeGreaterThan(20);
  });
});

describe("signatures", () => {
  const payload: TransactionPayload = {
    type: 0,
    chainId: 1n,
    nonce: 0n,
    gasPrice: 1n,
    gasLimit: 21_000n,
    to: signer.address,
    value: 0n,
    data: new Uint8Array(0),
  };
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const signed = signTransaction(payload, signer);
  const withSignature = (changes: Partial<Transaction["signature"]>): Transaction => ({
    ...signed,
    signature: { ...signed.signature, ...changes },
  });

  test.each([
    ["a high s", withSignature({ s: order - signed.signature.s, yParity: signed.signature.yParity === 0 ? 1 : 0 })],
    ["r of zero", withSignature({ r: 0n })],
    ["s of zero", withSignature({ s: 0n })],
    ["r of the group's order", withSignature({ r: order })],
    ["r of 2^256 - 1", withSignature({ r: 2n ** 256n - 1n })],
  ])("%s is refused", (_name, transaction) => {
    expect(codeOf(() => recoverSender(decodeTransaction(encodeTransaction(transaction))))).toBe(
      "TRANSACTION_SIGNATURE_INVALID",
    );
  });

  test("over another chain id name another sender", () => {
    expect(recoverSender({ ...signed, chainId: 2n } as Transaction)).not.toBe(signer.address);
  });

  test("of authorizations name the authority, as viem does", async () => {
    const authorization = signAuthorization({ chainId: 5n, address: signer.address, nonce: 9n }, signer);
    expect(recoverAuthority(authorization)).toBe(signer.address);
    const theirs = await recoverAuthorizationAddress({
      authorization: {
        chainId: 5,
        address: authorization.address,
        nonce: 9,
        yParity: authorization.yParity,
        r: `0x${authorization.r.toString(16).padStart(64, "0")}`,
        s: `0x${authorization.s.toString(16).padStart(64, "0")}`,
      },
    });
    expect(theirs.toLowerCase()).toBe(signer.address);
  });

  test("of authorizations that are not valid name nobody", () => {
    const authorization = signAuthorization({ chainId: 5n, address: signer.address, nonce: 9n }, signer);
    const broken: Partial<Authorization>[] = [
      { yParity: 2 },
      { yParity: 255 },
      { r: 0n },
      { s: order - authorization.s },
    ];
    for (const change of broken) expect(recoverAuthority({ ...authorization, ...change })).toBeUndefined();
  });
});

describe("malformed transactions", () => {
  test("any change of a byte gives a typed error or another transaction with its own encoding", () => {
    fc.assert(
      fc.property(payloads, fc.nat(), fc.nat(255), (payload, position, byte) => {
        const raw = Uint8Array.from(encodeTransaction(signTransaction(payload, signer)));
        raw[position % raw.length] = byte;
        let decoded: Transaction;
        try {
          decoded = decodeTransaction(raw);
        } catch (error) {
          expect(error).toBeInstanceOf(EthereumError);
          return;
        }
        expect(encodeTransaction(decoded)).toEqual(raw);
      }),
      { numRuns: 1_000 },
    );
  });

  test("any cut is refused", () => {
    fc.assert(
      fc.property(payloads, fc.nat(), (payload, position) => {
        const raw = encodeTransaction(signTransaction(payload, signer));
        expect(codeOf(() => decodeTransaction(raw.subarray(0, position % raw.length)))).toBeDefined();
      }),
    );
  });

  const corpus: [string, Hex, string][] = [
    ["nothing", "0x", "TRANSACTION_EMPTY"],
    ["type 0 as a byte", "0x00c0", "TRANSACTION_TYPE_UNSUPPORTED"],
    ["type 5", "0x05c0", "TRANSACTION_TYPE_UNSUPPORTED"],
    ["type 127", "0x7fc0", "TRANSACTION_TYPE_UNSUPPORTED"],
    ["a type and nothing else", "0x02", "RLP_TRUNCATED"],
    ["a type and a string", "0x0280", "RLP_WRONG_KIND"],
    ["no fields", "0xc0", "RLP_TRUNCATED"],
    ["v of 29", "0xc9808080808080 1d 01 01".replaceAll(" ", "") as Hex, "TRANSACTION_SIGNATURE_INVALID"],
    ["a recipient of one byte", "0xc9808080 01 8080 1b 01 01".replaceAll(" ", "") as Hex, "RLP_WRONG_LENGTH"],
    [
      "a nonce of nine bytes",
      "0xd289010000000000000000 8080 8080 80 1b 01 01".replaceAll(" ", "") as Hex,
      "RLP_INTEGER_TOO_LARGE",
    ],
    ["a field too many", "0xca808080808080 1b 01 01 01".replaceAll(" ", "") as Hex, "RLP_TRAILING_BYTES"],
    ["bytes after the list", "0xc9808080808080 1b 01 01 00".replaceAll(" ", "") as Hex, "RLP_TRAILING_BYTES"],
  ];
  test.each(corpus)("%s", (_name, raw, code) => {
    expect(codeOf(() => decodeTransaction(hexToBytes(raw)))).toBe(code);
  });
});
