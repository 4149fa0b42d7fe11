import { afterAll, beforeAll } from "@jest/globals";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { type SeparateNetwork, startSeparate } from "./network/separate.ts";
import { startUpstream, type Upstream } from "./network/upstream.ts";
import { anchors } from "./suites/anchors.ts";
import { brokenStreams } from "./suites/broken-streams.ts";
import { budgets } from "./suites/budgets.ts";
import { kills } from "./suites/kills.ts";
import { openaiSurface } from "./suites/openai-surface.ts";
import { proofs } from "./suites/proofs.ts";

describeWithProgram("nats-server", "services in processes of their own", () => {
  describeWithProgram("redis-server", "with PostgreSQL, NATS and Redis", () => {
    let upstream: Upstream;
    let network: SeparateNetwork;

    beforeAll(async () => {
      upstream = await startUpstream();
      network = await startSeparate(upstream.url);
    }, 180_000);
    afterAll(async () => {
      await network?.stop();
      await upstream?.stop();
    });

    openaiSurface(() => network);
    proofs(() => network);
    anchors(
      () => network,
      () => network.chain,
    );
    budgets(() => network);
    brokenStreams(
      () => network,
      () => upstream,
    );
    kills(() => network);
  });
});
