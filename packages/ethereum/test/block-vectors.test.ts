import { afterAll, describe, expect, test } from "@jest/globals";
import type { Hex } from "@koinon/secp256k1/hex";
import { decodeBlock, encodeBlock } from "../src/block.ts";
import { type BlockHeader, blockHash } from "../src/block-header.ts";
import { EthereumError } from "../src/fault.ts";
import { ForkSchedule, mainnetBlobs } from "../src/fork-schedule.ts";
import { headerRuleFault } from "../src/header-rules.ts";
import { decodeTransaction } from "../src/transaction-decode.ts";
import { encodeTransaction } from "../src/transaction-encode.ts";
import { recoverSender } from "../src/transaction-signing.ts";
import { archive, casesUnder, hasArchive, unpack } from "./ethereum-tests.ts";

interface BlockCase {
  readonly genesisRLP: string;
  readonly genesisBlockHeader: { readonly hash: Hex };
  readonly blocks: readonly {
    readonly rlp: string;
    readonly expectException?: string;
    readonly blockHeader?: { readonly hash: Hex };
    readonly transactions?: readonly { readonly sender: Hex }[];
  }[];
}

/** What a block's bytes and its parent's header alone show to be wrong. */
const visible =
  /RLP_|UNCLES|EXTRA_DATA_TOO_BIG|GASLIMIT|TIMESTAMP|BLOCK_NUMBER|BASEFEE|DIFFICULTY|BlockException.GAS_USED_OVERFLOW/;

const forks = new ForkSchedule([{ name: "cancun", fork: "cancun", timestamp: 0n, blobs: mainnetBlobs.cancun }]);

/** Undefined when neither decoding nor the header's rules object, or when the parent is not known. */
function objection(bytes: Uint8Array, known: ReadonlyMap<Hex, BlockHeader>): string | undefined {
  try {
    const { header } = decodeBlock(bytes);
    const parent = known.get(header.parentHash);
    return parent && headerRuleFault(header, parent, forks)?.code;
  } catch (error) {
    if (error instanceof EthereumError) return error.code;
    throw error;
  }
}

function toBytes(hex: string): Uint8Array {
  return new Uint8Array(Buffer.from(hex.slice(2), "hex"));
}

if (!hasArchive) {
  test(`published block vectors are left out: ${archive} is not there (KOINON_VECTORS names its folder)`, () => {
    expect(hasArchive).toBe(false);
  });
} else {
  const folder = unpack("BlockchainTests");
  afterAll(() => folder.remove());

  describe("BlockchainTests", () => {
    test.each([...casesUnder<BlockCase>(`${folder.path}/BlockchainTests`)])("%s", (_name, { blocks, ...genesis }) => {
      const first = decodeBlock(toBytes(genesis.genesisRLP));
      expect(blockHash(first.header)).toBe(genesis.genesisBlockHeader.hash);
      const known = new Map([[genesis.genesisBlockHeader.hash, first.header]]);

      for (const { rlp, expectException, blockHeader, transactions } of blocks) {
        const bytes = toBytes(rlp);
        if (expectException !== undefined) {
          if (visible.test(expectException)) expect(objection(bytes, known)).toBeDefined();
          continue;
        }
        expect(objection(bytes, known)).toBeUndefined();
        const block = decodeBlock(bytes);
        expect(encodeBlock(block)).toEqual(bytes);
        const hash = blockHash(block.header);
        expect(hash).toBe(blockHeader?.hash);
        known.set(hash, block.header);

        const decoded = block.transactions.map(decodeTransaction);
        expect(decoded.map(encodeTransaction)).toEqual(block.transactions);
        for (const [index, transaction] of decoded.entries()) {
          // Two of the senders are missing from the tests.
          const sender = transactions?.[index]?.sender;
          if (sender !== undefined) expect(recoverSender(transaction)).toBe(sender);
        }
      }
    });
  });
}
