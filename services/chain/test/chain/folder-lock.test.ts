import { expect, test } from "@jest/globals";
import { startChainFixture } from "./chain-fixture.ts";
import { testGenesis } from "./test-genesis.ts";

test("the folder of an open chain is refused, and free again when that is closed or could not be opened", async () => {
  const fixture = await startChainFixture();
  const { path } = fixture;
  await expect(startChainFixture({ path })).rejects.toThrow("DATA_FOLDER_IN_USE");
  await fixture.chain.close();
  const genesis = testGenesis({ gasLimit: 1_000_000n });
  await expect(startChainFixture({ path, genesis })).rejects.toThrow("GENESIS_MISMATCH");
  await (await startChainFixture({ path })).close();
  await fixture.close();
});
