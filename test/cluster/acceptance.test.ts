import { afterAll, beforeAll, describe } from "@jest/globals";
import type { Network } from "@koinon/acceptance/network/network";
import { remoteUpstream } from "@koinon/acceptance/network/upstream";
import { brokenStreams } from "@koinon/acceptance/suites/broken-streams";
import { budgets } from "@koinon/acceptance/suites/budgets";
import { kills } from "@koinon/acceptance/suites/kills";
import { openaiSurface } from "@koinon/acceptance/suites/openai-surface";
import { proofs } from "@koinon/acceptance/suites/proofs";
import { openClusterNetwork } from "./network/cluster-network.ts";
import { kubectl, namespace } from "./network/kubernetes.ts";

describe("the release, through the gateway's Service", () => {
  let network: Network;
  let upstream: ReturnType<typeof remoteUpstream>;

  beforeAll(async () => {
    const engine = ["--namespace", namespace, "service/engine", "--output", "jsonpath={.spec.clusterIP}"];
    upstream = remoteUpstream(`http://${await kubectl("get", ...engine)}:8000`);
    network = await openClusterNetwork();
  }, 120_000);
  afterAll(() => network?.stop());

  openaiSurface(() => network);
  proofs(() => network);
  budgets(() => network);
  brokenStreams(
    () => network,
    () => upstream,
  );
  kills(() => network);
});
