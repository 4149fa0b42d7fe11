import { expect, test } from "@jest/globals";
import { forkConfigs } from "../../src/jsonrpc/fork-config.ts";
import { startChainFixture } from "../chain/chain-fixture.ts";
import { scheduledGenesis } from "../jsonrpc/scheduled-genesis.ts";
import { describeWithGeth, gethFile } from "./describe-with-geth.ts";
import { startGeth } from "./geth-node.ts";

describeWithGeth("geth, of a chain with forks ahead", () => {
  test("answers eth_config as we do", async () => {
    const genesis = scheduledGenesis();
    const [node, ours] = await Promise.all([startGeth(gethFile, genesis), startChainFixture({ genesis })]);
    try {
      const { config, genesisHash: hash } = ours.chain.view.reader;
      const { timestamp } = ours.chain.view.reader.head().header;
      const theirs = await node.call("eth_config", []);
      expect(forkConfigs(config, { hash, timestamp }, timestamp)).toEqual(theirs);
    } finally {
      await node.stop();
      await ours.close();
    }
  });
});
