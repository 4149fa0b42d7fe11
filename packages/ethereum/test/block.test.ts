import { describe, expect, test } from "@jest/globals";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import fc from "fast-check";
import { type Block, decodeBlock, decodeBlockBody, encodeBlock, encodeBlockBody } from "../src/block.ts";
import {
  type BlockHeader,
  blockHash,
  decodeHeader,
  emptyUnclesHash,
  encodeHeader,
  headerItem,
} from "../src/block-header.ts";
import { EthereumError } from "../src/fault.ts";
import { ForkSchedule, mainnetBlobs } from "../src/fork-schedule.ts";
import { headerRuleFault } from "../src/header-rules.ts";
import { encodeRlp, type RlpInput } from "../src/rlp.ts";
import { encodeTransaction } from "../src/transaction-encode.ts";
import { payloads } from "./arbitrary-transaction.ts";
import { codeOf } from "./code-of.ts";

const uint64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const hex = (bytes: number) => fc.uint8Array({ minLength: bytes, maxLength: bytes }).map(bytesToHex);
const header: fc.Arbitrary<BlockHeader> = fc.record({
  parentHash: hex(32),
  unclesHash: hex(32),
  beneficiary: hex(20),
  stateRoot: hex(32),
  transactionsRoot: hex(32),
  receiptsRoot: hex(32),
  logsBloom: fc.uint8Array({ minLength: 256, maxLength: 256 }),
  difficulty: uint64,
  number: uint64,
  gasLimit: uint64,
  gasUsed: uint64,
  timestamp: uint64,
  extraData: fc.uint8Array({ maxLength: 32 }),
  prevRandao: hex(32),
  nonce: hex(8),
  baseFeePerGas: uint64,
  withdrawalsRoot: hex(32),
  blobGasUsed: uint64,
  excessBlobGas: uint64,
  parentBeaconBlockRoot: hex(32),
  requestsHash: fc.option(hex(32), { nil: undefined }),
});
const block: fc.Arbitrary<Block> = fc.record({
  header,
  transactions: fc.array(
    payloads.map((payload) => encodeTransaction({ ...payload, signature: { yParity: 1, r: 5n, s: 6n } })),
    { maxLength: 5 },
  ),
  withdrawals: fc.array(fc.record({ index: uint64, validatorIndex: uint64, address: hex(20), amountGwei: uint64 }), {
    maxLength: 3,
  }),
});

describe("blocks", () => {
  test("survive encoding, whole, as header and as body", () => {
    fc.assert(
      fc.property(block, (one) => {
        expect(decodeBlock(encodeBlock(one))).toEqual(one);
        expect(decodeHeader(encodeHeader(one.header))).toEqual(one.header);
        const { header: _header, ...body } = one;
        expect(decodeBlockBody(encodeBlockBody(body))).toEqual(body);
      }),
    );
  });

  test("any change of a byte is refused, or is another block's only encoding", () => {
    fc.assert(
      fc.property(block, fc.nat(), fc.nat(255), (one, position, byte) => {
        const bytes = Uint8Array.from(encodeBlock(one));
        bytes[position % bytes.length] = byte;
        let decoded: Block;
        try {
          decoded = decodeBlock(bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(EthereumError);
          return;
        }
        expect(encodeBlock(decoded)).toEqual(bytes);
      }),
      { numRuns: 500 },
    );
  });
});

const zero: Hex = `0x${"00".repeat(32)}`;
const parent: BlockHeader = {
  parentHash: zero,
  unclesHash: emptyUnclesHash,
  beneficiary: `0x${"00".repeat(20)}`,
  stateRoot: zero,
  transactionsRoot: zero,
  receiptsRoot: zero,
  logsBloom: new Uint8Array(256),
  difficulty: 0n,
  number: 7n,
  gasLimit: 30_000_000n,
  gasUsed: 15_000_000n,
  timestamp: 1_000n,
  extraData: new Uint8Array(0),
  prevRandao: zero,
  nonce: "0x0000000000000000",
  baseFeePerGas: 1_000n,
  withdrawalsRoot: zero,
  blobGasUsed: 0n,
  excessBlobGas: 0n,
  parentBeaconBlockRoot: zero,
  requestsHash: undefined,
};
const child: BlockHeader = { ...parent, number: 8n, timestamp: 1_001n };

describe("malformed headers and blocks", () => {
  const fields = headerItem(parent) as RlpInput[];
  test.each<[string, RlpInput[], string]>([
    ["of before London", fields.slice(0, 15), "HEADER_FIELDS_MISSING"],
    ["of Shanghai", fields.slice(0, 17), "HEADER_FIELDS_MISSING"],
    ["cut short", fields.slice(0, 14), "RLP_TRUNCATED"],
    ["with a field too many", [...fields, zero, zero], "RLP_TRAILING_BYTES"],
    ["with a short bloom", fields.with(6, new Uint8Array(255)), "RLP_WRONG_LENGTH"],
    ["with long extra data", fields.with(12, new Uint8Array(33)), "HEADER_EXTRA_DATA_TOO_LONG"],
    ["with a gas limit of nine bytes", fields.with(9, 2n ** 64n), "RLP_INTEGER_TOO_LARGE"],
  ])("a header %s", (_name, items, code) => {
    expect(codeOf(() => decodeHeader(encodeRlp(items)))).toBe(code);
  });

  test.each<[string, RlpInput[], string]>([
    ["uncles", [fields, [], [fields], []], "BLOCK_UNCLES_PRESENT"],
    ["no withdrawals", [fields, [], []], "RLP_TRUNCATED"],
    ["a legacy transaction in a string", [fields, ["0xc0"], [], []], "TRANSACTION_TYPE_UNSUPPORTED"],
    [
      "a withdrawal with a field too many",
      [fields, [], [], [[1, 1, `0x${"00".repeat(20)}`, 1, 1]]],
      "RLP_TRAILING_BYTES",
    ],
  ])("a block with %s", (_name, items, code) => {
    expect(codeOf(() => decodeBlock(encodeRlp(items)))).toBe(code);
  });
});

describe("how a header follows its parent", () => {
  const forks = new ForkSchedule([
    { name: "cancun", fork: "cancun", timestamp: 0n, blobs: mainnetBlobs.cancun },
    { name: "prague", fork: "prague", timestamp: 2_000n, blobs: mainnetBlobs.prague },
  ]);
  test.each<[string, Partial<BlockHeader>, string | undefined]>([
    ["as it should", {}, undefined],
    ["with another number", { number: 9n }, "NUMBER_WRONG"],
    ["at the same time", { timestamp: 1_000n }, "TIMESTAMP_NOT_AFTER_PARENT"],
    ["with difficulty", { difficulty: 1n }, "DIFFICULTY_NOT_ZERO"],
    ["with a nonce", { nonce: "0x0000000000000001" }, "NONCE_NOT_ZERO"],
    ["with uncles", { unclesHash: zero }, "UNCLES_HASH_WRONG"],
    ["with the highest gas limit", { gasLimit: 30_029_295n }, undefined],
    ["with too high a gas limit", { gasLimit: 30_029_296n }, "GAS_LIMIT_WRONG"],
    ["with too low a gas limit", { gasLimit: 29_970_704n }, "GAS_LIMIT_WRONG"],
    ["full", { gasUsed: 30_000_000n }, undefined],
    ["overfull", { gasUsed: 30_000_001n }, "GAS_USED_ABOVE_LIMIT"],
    ["with another base fee", { baseFeePerGas: 1_001n }, "BASE_FEE_WRONG"],
    ["with the most blobs", { blobGasUsed: 6n * 131_072n }, undefined],
    ["with a blob too many", { blobGasUsed: 7n * 131_072n }, "BLOB_GAS_USED_WRONG"],
    ["with part of a blob", { blobGasUsed: 1n }, "BLOB_GAS_USED_WRONG"],
    ["with an excess of blobs", { excessBlobGas: 1n }, "EXCESS_BLOB_GAS_WRONG"],
    ["with requests too early", { requestsHash: zero }, "REQUESTS_HASH_PRESENCE_WRONG"],
    ["without requests too late", { timestamp: 2_000n }, "REQUESTS_HASH_PRESENCE_WRONG"],
    ["with requests in time", { timestamp: 2_000n, requestsHash: zero }, undefined],
  ])("%s", (_name, changes, code) => {
    expect(headerRuleFault({ ...child, ...changes }, parent, forks)?.code).toBe(code);
  });

  test("any field changes the hash", () => {
    const hashes = new Set([blockHash(parent)]);
    const changes: Partial<BlockHeader>[] = [
      { parentHash: emptyUnclesHash },
      { logsBloom: new Uint8Array(256).fill(1) },
      { baseFeePerGas: 2n },
      { parentBeaconBlockRoot: emptyUnclesHash },
      { requestsHash: zero },
    ];
    for (const change of changes) hashes.add(blockHash({ ...parent, ...change }));
    expect(hashes.size).toBe(changes.length + 1);
  });
});
