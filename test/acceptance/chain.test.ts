import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { type AllInOne, startAllInOne } from "./network/all-in-one.ts";
import { api, chat } from "./network/client.ts";
import { koinon } from "./network/koinon-command.ts";
import { startUpstream, type Upstream } from "./network/upstream.ts";
import { chainCommands } from "./suites/chain-commands.ts";
import { ownAnchors } from "./suites/own-anchors.ts";
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
  });

  developmentShard(() => network);
  chainCommands(
    () => network,
    () => folder.path,
  );

  test("a folder whose chain began without a registry goes on, and anchors nothing", async () => {
    const data = path.join(folder.path, "old");
    mkdirSync(path.join(data, "chain"), { recursive: true });
    const genesis = path.join(data, "chain", "genesis.json");
    expect(await koinon(["chain", "init", genesis, "--chain-id", "31337"])).toMatchObject({ code: 0 });
    const old = await startAllInOne(data, ["--engine", upstream.url]);
    try {
      expect(JSON.parse(readFileSync(old.trustFile, "utf8"))).toMatchObject({ format: "koinon.trust/1" });
      expect(old.shard?.chainId).toBe(31_337);
      const requestId = (await chat(old, "say 2")).headers["x-request-id"] as string;
      expect(await api(old, `/v1/receipts/${requestId}/bundle?anchor=any`)).toMatchObject({ status: 501 });
    } finally {
      await old.stop();
    }
  }, 120_000);

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

  ownAnchors(
    () => network,
    () => folder.path,
  );
});
