import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { type AllInOne, startAllInOne } from "./network/all-in-one.ts";
import { api } from "./network/client.ts";
import { koinon } from "./network/koinon-command.ts";
import { startUpstream, type Upstream } from "./network/upstream.ts";
import { chainCommands } from "./suites/chain-commands.ts";
import { developmentShard } from "./suites/shard.ts";

describe("the chain of a network on one machine", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let upstream: Upstream;
  let network: AllInOne;

  beforeAll(async () => {
    folder = await temporaryFolder("koinon-chain-");
    upstream = await startUpstream();
    network = await startAllInOne(path.join(folder.path, "data"), ["--engine", upstream.url]);
  }, 120_000);
  afterAll(async () => {
    await network?.stop();
    await upstream?.stop();
    await folder?.remove();
  }, 60_000);

  developmentShard(() => network);
  chainCommands(
    () => network,
    () => folder.path,
  );

  test("another network beside it has a chain of its own; --no-chain leaves it out", async () => {
    const other = await startAllInOne(path.join(folder.path, "other"), ["--engine", upstream.url]);
    try {
      expect(other.shard?.rpc).not.toBe(network.shard?.rpc);
      expect(other.shard?.devKey).not.toBe(network.shard?.devKey);
      await other.restart(["--no-chain"]);
      expect(other.shard).toBeUndefined();
      const { body } = await api<{ modules: object }>(other, "/v1/capabilities");
      expect(body).toMatchObject({ modules: { compute: true, chain: false } });
      const { code, stderr } = await koinon(["chain", "status", "--data", other.dataDir]);
      expect([code, stderr]).toEqual([2, expect.stringContaining("names no chain")]);
    } finally {
      await other.stop();
    }
  }, 120_000);
});
