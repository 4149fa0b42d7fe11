import { expect, test } from "@jest/globals";
import { boundUnits, inputUnitsSlack } from "./cost-bound.ts";

const size = { kind: "chat" as const, bodyBytes: 1_000, maxOutputTokens: 0, contextTokens: 2_048 };

test("input is bounded by the bytes of the body, output by the request or the context", () => {
  expect(boundUnits(size)).toEqual({ inputUnits: 1_000n + inputUnitsSlack, outputUnits: 2_048n });
  expect(boundUnits({ ...size, maxOutputTokens: 7 }).outputUnits).toBe(7n);
  // Several answers of a request may together be longer than one context.
  expect(boundUnits({ ...size, maxOutputTokens: 9_000 }).outputUnits).toBe(9_000n);
  expect(boundUnits({ ...size, kind: "embedding", maxOutputTokens: 7 }).outputUnits).toBe(0n);
});
