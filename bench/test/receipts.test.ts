import { expect, test } from "@jest/globals";
import { benchReceipts } from "../src/receipts/receipts-bench.ts";

test("the log's figures are measured, each beside the plain table where there is one", async () => {
  const rows = await benchReceipts(600);
  expect(rows.map(({ metric, unit, against }) => [metric, unit, against])).toEqual([
    ["appended", "1/s", "plain insert"],
    ["append_latency_p50", "ms", undefined],
    ["append_latency_p99", "ms", undefined],
    ["proof_latency_p50", "ms", "row by key"],
    ["proof_latency_p99", "ms", "row by key"],
  ]);
  for (const { metric, value, against, ratio } of rows) {
    expect([metric, (value ?? 0) > 0]).toEqual([metric, true]);
    expect([metric, (ratio ?? 0) > 0]).toEqual([metric, against !== undefined]);
  }
});
