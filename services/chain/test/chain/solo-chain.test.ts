import { afterEach, describe, expect, test } from "@jest/globals";
import { signerOf } from "../sample-transactions.ts";
import { type ChainFixture, never, startChainFixture } from "./chain-fixture.ts";

let fixture: ChainFixture | undefined;
afterEach(async () => {
  await fixture?.close();
  fixture = undefined;
});

describe("a chain with a solo proposer", () => {
  test("takes transactions, builds blocks of them, and finds both again", async () => {
    fixture = await startChainFixture();
    const { chain } = fixture;
    await fixture.submit({ value: 5n, to: signerOf(9).address }, 0);
    await fixture.submit({ value: 6n }, 0);
    await fixture.submit({ value: 7n }, 1);
    const head = await fixture.propose();
    expect(head.number).toBe(1n);
    const block = chain.view.reader.block("latest");
    expect(block?.hash).toBe(head.hash);
    expect(block?.transactions.map(({ transaction }) => transaction.value)).toEqual([5n, 6n, 7n]);
    expect(chain.view.mempool.status()).toEqual({ pending: 0, queued: 0, bytes: 0 });
    const [first, , third] = chain.view.reader.receipts(1n) ?? [];
    expect(first?.succeeded).toBe(true);
    expect(third?.cumulativeGasUsed).toBe(63_000n);
    expect(chain.view.reader.receipt(third?.transaction.hash ?? "0x")?.place.index).toBe(2);
    expect(chain.view.reader.header("finalized")?.hash).toBe(head.hash);
  });

  test("goes on where it was after it was closed", async () => {
    fixture = await startChainFixture();
    await fixture.submit({ value: 5n }, 0);
    const first = await fixture.propose();
    fixture = await fixture.reopen();
    expect(await fixture.chain.engine.head()).toEqual(first);
    await fixture.submit({ value: 5n }, 0);
    const second = await fixture.propose();
    expect(fixture.chain.view.reader.header(second.hash)?.header.parentHash).toBe(first.hash);
    expect(fixture.chain.view.reader.stateAt("latest").account(signerOf(0).address)?.nonce).toBe(2n);
    expect(fixture.chain.view.reader.stateAt(1n).account(signerOf(0).address)?.nonce).toBe(1n);
  });

  test("credits coin by withdrawals and keeps the beacon root for contracts", async () => {
    const root = `0x${"5a".repeat(32)}` as const;
    fixture = await startChainFixture({
      commitments: {
        parentBeaconBlockRoot: () => root,
        withdrawals: ({ number }) => [
          { index: number, validatorIndex: 0n, address: "0x00000000000000000000000000000000000000cc", amountGwei: 3n },
        ],
      },
    });
    await fixture.propose();
    await fixture.propose();
    const { reader, calls } = fixture.chain.view;
    expect(reader.stateAt("latest").account("0x00000000000000000000000000000000000000cc")?.balance).toBe(
      6_000_000_000n,
    );
    expect(reader.block(2n)?.withdrawals.map(({ index }) => index)).toEqual([1n]);
    const timestamp = reader.head().header.timestamp.toString(16).padStart(64, "0");
    const { output } = await calls.call(
      { to: "0x000f3df6d732807ef1319fb7b8bb8522d0beac02", data: Buffer.from(timestamp, "hex") },
      "latest",
      never,
    );
    expect(`0x${Buffer.from(output).toString("hex")}`).toBe(root);
  });

  test("estimates the gas of a transfer and says what a call costs", async () => {
    fixture = await startChainFixture();
    const message = { from: signerOf(0).address, to: signerOf(1).address, value: 1n };
    expect(await fixture.chain.view.calls.estimate(message, "latest", never)).toEqual({ gas: 21_000n });
  });

  test("tells subscribers of every block behind their cursor", async () => {
    fixture = await startChainFixture();
    const stop = new AbortController();
    const seen: bigint[] = [];
    const cursors: string[] = [];
    const following = (async () => {
      for await (const { block, cursor } of (fixture as ChainFixture).chain.view.subscriptions.blocks({
        signal: stop.signal,
      })) {
        seen.push(block.header.number);
        cursors.push(cursor);
        if (seen.length === 3) stop.abort();
      }
    })();
    for (let count = 0; count < 3; count++) await fixture.propose();
    await following;
    expect(seen).toEqual([1n, 2n, 3n]);
    for await (const { block } of fixture.chain.view.subscriptions.blocks({ cursor: cursors[0], signal: never })) {
      expect(block.header.number).toBe(2n);
      break;
    }
  });
});
