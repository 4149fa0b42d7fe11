import { afterEach, describe, expect, test } from "@jest/globals";
import { isFault } from "@koinon/errors/domain-error";
import { decodeBlock, encodeBlock } from "@koinon/ethereum/block";
import { type BlockPiece, blockPieces } from "../../src/import/block-file.ts";
import { importBlocks } from "../../src/import/import-blocks.ts";
import { type ChainFixture, never, startChainFixture } from "../chain/chain-fixture.ts";
import { testGenesis } from "../chain/test-genesis.ts";
import { signerOf } from "../sample-transactions.ts";

const open: ChainFixture[] = [];
afterEach(async () => {
  for (const fixture of open.splice(0)) await fixture.close();
});

async function startChain(choice: Parameters<typeof startChainFixture>[0] = {}): Promise<ChainFixture> {
  const fixture = await startChainFixture(choice);
  open.push(fixture);
  return fixture;
}

/** A chain with these many blocks of two transfers, and its blocks from 0 on as they are exported. */
async function exportedChain(blocks: number): Promise<{ fixture: ChainFixture; exported: Uint8Array[] }> {
  const fixture = await startChain();
  for (let block = 0; block < blocks; block++) {
    await fixture.submit({ value: 5n, to: signerOf(9).address }, 0);
    await fixture.submit({ value: 6n, to: signerOf(8).address }, 1);
    await fixture.propose();
  }
  const { reader } = fixture.chain.view;
  const exported = Array.from({ length: blocks + 1 }, (_, number) => {
    const block = reader.block(BigInt(number));
    if (block === undefined) throw new Error(`block ${number} is missing`);
    return encodeBlock({ ...block, transactions: block.transactions.map(({ raw }) => raw) });
  });
  return { fixture, exported };
}

/** The bytes in chunks of a size, as a file is read. */
async function* chunksOf(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < bytes.length; start += size) yield bytes.subarray(start, start + size);
}

async function allPieces(chunks: AsyncIterable<Uint8Array>): Promise<BlockPiece[]> {
  const pieces: BlockPiece[] = [];
  for await (const piece of blockPieces(chunks)) pieces.push(piece);
  return pieces;
}

function importInto({ chain }: ChainFixture, blocks: readonly Uint8Array[]) {
  return importBlocks(blockPieces(chunksOf(Buffer.concat(blocks), 1_000)), chain, never);
}

describe("a file of blocks", () => {
  test("is cut at the same places whatever chunks it comes in", async () => {
    const { exported } = await exportedChain(3);
    const file = Buffer.concat(exported);
    for (const size of [1, 2, 7, 600, file.length]) {
      const pieces = await allPieces(chunksOf(file, size));
      expect([size, pieces.map(({ bytes }) => Buffer.from(bytes))]).toEqual([
        size,
        exported.map((b) => Buffer.from(b)),
      ]);
    }
  });

  test.each([
    ["ends in the middle of a block", (file: Buffer) => file.subarray(0, -1)],
    ["ends in the middle of a prefix", (file: Buffer) => Buffer.concat([file, Buffer.of(0xf9)])],
    ["goes on with something that is no list", (file: Buffer) => Buffer.concat([file, Buffer.of(0x80)])],
    ["names a block of gigabytes", (file: Buffer) => Buffer.concat([file, Buffer.of(0xfb, 0xff, 0xff, 0xff, 0xff)])],
  ])("that %s is refused where it does", async (_name, damage) => {
    const { exported } = await exportedChain(1);
    const file = damage(Buffer.concat(exported));
    await expect(allPieces(chunksOf(file, 50))).rejects.toThrow("BLOCK_FILE_MALFORMED");
  });
});

describe("an import", () => {
  test("makes the same chain, on disk, and skips what is there the second time", async () => {
    const { fixture, exported } = await exportedChain(4);
    const head = fixture.chain.view.reader.head();
    let copy = await startChain();
    expect(await importInto(copy, exported.slice(0, 3))).toMatchObject({ imported: 2, known: 1 });
    copy = await copy.reopen();
    open.push(copy);
    expect(await importInto(copy, exported)).toEqual({
      imported: 2,
      known: 3,
      head: { number: 4n, hash: head.hash },
    });
    const { reader } = copy.chain.view;
    expect(reader.head().hash).toBe(head.hash);
    expect(reader.header("finalized")?.hash).toBe(head.hash);
    expect(reader.stateAt("latest").account(signerOf(9).address)?.balance).toBe(
      fixture.chain.view.reader.stateAt("latest").account(signerOf(9).address)?.balance,
    );
  });

  test("stops at a block that is not valid, keeps those before, and takes the right one afterwards", async () => {
    const { exported } = await exportedChain(3);
    const honest = decodeBlock(exported[2] as Uint8Array);
    const lies = {
      "other transactions": { ...honest, transactions: honest.transactions.slice(1) },
      "another state": { ...honest, header: { ...honest.header, stateRoot: honest.header.parentHash } },
    };
    for (const [name, lie] of Object.entries(lies)) {
      const copy = await startChain();
      const error = await importInto(copy, [exported[1] as Uint8Array, encodeBlock(lie)]).catch((e: unknown) => e);
      expect([name, isFault(error, "BLOCK_REFUSED"), copy.chain.view.reader.head().header.number]).toEqual([
        name,
        true,
        1n,
      ]);
      expect(await importInto(copy, exported)).toMatchObject({ imported: 2, head: { number: 3n } });
    }
  });

  test("refuses blocks of another chain, and blocks with a gap before them", async () => {
    const { exported } = await exportedChain(2);
    const copy = await startChain();
    await expect(importInto(copy, exported.slice(2))).rejects.toThrow("BLOCK_REFUSED");
    const genesis = JSON.parse(testGenesis()) as object;
    const other = await startChain({ genesis: JSON.stringify({ ...genesis, extraData: "0x01" }) });
    await expect(importInto(other, exported)).rejects.toThrow("BLOCK_FILE_ELSEWHERE");
  });
});
