import { afterEach, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { manualProposer, never } from "../chain/chain-fixture.ts";
import { testGenesis } from "../chain/test-genesis.ts";
import { transfers, Wallets } from "../chain/workload.ts";
import { describeWithGeth, gethFile } from "./describe-with-geth.ts";
import { type GethNode, startGeth } from "./geth-node.ts";

let node: GethNode | undefined;
afterEach(async () => await node?.stop());

describeWithGeth("geth stands in for our engine", () => {
  test("the solo proposer drives it", async () => {
    node = await startGeth(gethFile, testGenesis());
    const { engine, call, submit } = node;
    const proposer = manualProposer(engine, { buildMs: 300 });
    await submit(transfers(new Wallets(), 5));
    let head = await engine.head(never);
    // The transactions may still be on their way into the pool when the first block is built.
    await waitFor(async () => {
      head = await proposer.propose(head, never);
      const pool = (await call("eth_getBlockByNumber", ["latest", false])) as { transactions: string[] };
      return pool.transactions.length === 5;
    });
    expect(await engine.head(never)).toEqual(head);
  });
});
