import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { type AllInOne, startAllInOne } from "./network/all-in-one.ts";
import { budget, chat, createKey, fetchBundle } from "./network/client.ts";
import { startUpstream, type Upstream } from "./network/upstream.ts";
import { brokenStreams } from "./suites/broken-streams.ts";
import { browserStreams } from "./suites/browser-streams.ts";
import { budgets } from "./suites/budgets.ts";
import { kills } from "./suites/kills.ts";
import { openaiSurface } from "./suites/openai-surface.ts";
import { proofs } from "./suites/proofs.ts";

describe("all in one process", () => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let upstream: Upstream;
  let network: AllInOne;

  beforeAll(async () => {
    folder = await temporaryFolder("koinon-acceptance-");
    upstream = await startUpstream();
    network = await startAllInOne(folder.path, ["--engine", upstream.url]);
  }, 180_000);
  afterAll(async () => {
    await network?.stop();
    await upstream?.stop();
    await folder?.remove();
  });

  openaiSurface(() => network);
  proofs(() => network);
  budgets(() => network);
  brokenStreams(
    () => network,
    () => upstream,
  );
  browserStreams(() => network);

  test("a restart loses nothing", async () => {
    const { key } = await createKey(network, 500_000n);
    const { headers } = await chat(network, "say 4", { apiKey: key });
    const requestId = headers["x-request-id"] as string;
    const bundle = JSON.parse((await fetchBundle(network, requestId, key)).toString("utf8")) as { receipt: object };
    const before = await budget(network, key);
    await network.restart();
    expect(await budget(network, key)).toEqual(before);
    const after = JSON.parse((await fetchBundle(network, requestId, key)).toString("utf8")) as { receipt: object };
    expect(after.receipt).toEqual(bundle.receipt);
  }, 120_000);

  kills(() => network);
});
