import { describe, expect, test } from "@jest/globals";
import { followedMetrics } from "./autoscalers.ts";
import { layered, profile, refusal } from "./manifests.ts";

// deployment.test.ts compares the metrics with those of running processes.
describe("autoscalers", () => {
  test("follow the requests in hand where they are told how many", () => {
    const target = { type: "AverageValue", averageValue: 50 };
    expect(followedMetrics(50)).toEqual({
      "net-gateway": { metric: { name: "gateway_requests" }, target },
      "net-market": { metric: { name: "market_requests_active" }, target },
    });
    expect(followedMetrics(0)).toEqual({ "net-gateway": undefined, "net-market": undefined });
  });

  test("of a service that has no such metric do not take the setting", () => {
    const values = layered(profile("ha"), { poi: { autoscaling: { requestsPerPod: 5 } } });
    expect(refusal(values)).toContain("'requestsPerPod' not allowed");
  });
});
