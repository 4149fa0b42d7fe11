import { describe, expect, test } from "@jest/globals";
import type { Provider } from "../gateway/offers.ts";
import { summarise } from "./network-summary.ts";

const provider = (change: Partial<Provider>): Provider => ({
  address: "0x",
  name: "",
  region: "eu",
  state: "healthy",
  stateReason: "",
  capacity: 4,
  active: 1,
  latencyMs: 100,
  served: 0,
  failed: 0,
  lastSeen: 0,
  offers: [],
  ...change,
});

describe("network summary", () => {
  test("counts what is healthy, and leaves out what is not known", () => {
    const providers = [
      provider({}),
      provider({ region: "us", latencyMs: 300 }),
      provider({ latencyMs: 0 }),
      provider({ state: "failing", region: "ap", latencyMs: 1, capacity: 99 }),
    ];
    expect(summarise(providers, [])).toEqual({
      healthy: 3,
      providers: 4,
      models: 0,
      regions: 2,
      capacity: 12,
      active: 3,
      latencyMs: 100,
    });
  });

  test("an empty network has no latency", () => expect(summarise([], []).latencyMs).toBeNull());
});
