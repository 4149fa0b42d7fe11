import { afterAll, beforeAll } from "@jest/globals";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import type { Network } from "./network/network.ts";
import { startSeparate } from "./network/separate.ts";
import { startUpstream, type Upstream } from "./network/upstream.ts";
import { brokenStreams } from "./suites/broken-streams.ts";
import { budgets } from "./suites/budgets.ts";
import { kills } from "./suites/kills.ts";
import { openaiSurface } from "./suites/openai-surface.ts";
import { proofs } from "./suites/proofs.ts";

describeWithProgram("nats-server", "services in processes of their own", () => {
  describeWithProgram("redis-server", "with PostgreSQL, NATS and Redis", () => {
    let upstream: Upstream;
    let network: Network;

    beforeAll(async () => {
      upstream = await startUpstream();
      network = await startSeparate(upstream.url);
    }, 180_000);
    afterAll(async () => {
      await network?.stop();
      await upstream?.stop();
    }, 60_000);

    openaiSurface(() => network);
    proofs(() => network);
    budgets(() => network);
    brokenStreams(
      () => network,
      () => upstream,
    );
    kills(() => network);
  });
});
