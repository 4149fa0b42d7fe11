import { describe, expect, test } from "@jest/globals";
import { Preference } from "@koinon/contracts/koinon/compute/v1/inference";
import { createRoutingPolicyFromHeaders } from "./routing-policy.ts";

describe("routing headers", () => {
  test("no header, no policy", () => {
    expect(createRoutingPolicyFromHeaders({ host: "x", "content-type": "application/json" })).toBeUndefined();
  });

  test("all of them", () => {
    expect(
      createRoutingPolicyFromHeaders({
        "x-koinon-prefer": "latency",
        "x-koinon-order": "alpha, 0x00000000000000000000000000000000000000aa",
        "x-koinon-only": "alpha,beta",
        "x-koinon-exclude": "gamma",
        "x-koinon-regions": "eu,us",
        "x-koinon-no-fallback": "true",
        "x-koinon-max-fee": "1500",
      }),
    ).toEqual({
      prefer: Preference.LATENCY,
      order: ["alpha", "0x00000000000000000000000000000000000000aa"],
      only: ["alpha", "beta"],
      exclude: ["gamma"],
      regions: ["eu", "us"],
      noFallback: true,
      maxFee: "1500",
    });
  });

  test("what is not understood is refused by its name, never ignored", () => {
    const cases = {
      "x-koinon-prefer": ["cheap", "", "PRICE"],
      "x-koinon-only": ["", "a,,b", "x".repeat(129), Array.from({ length: 33 }, () => "a").join(",")],
      "x-koinon-no-fallback": ["1", "yes", ""],
      "x-koinon-max-fee": ["-1", "1.5", "01", "", "1".repeat(39)],
      "x-koinon-onlly": ["alpha"],
    };
    for (const [param, values] of Object.entries(cases)) {
      for (const value of values) {
        expect(() => createRoutingPolicyFromHeaders({ [param]: value })).toThrow(
          expect.objectContaining({ fault: expect.objectContaining({ code: "INVALID_REQUEST", param }) }),
        );
      }
    }
  });
});
