import { expect, test } from "@jest/globals";
import { LatencyWindow } from "./latency-window.ts";

test("the median of the last samples, none at first", () => {
  const window = new LatencyWindow({ size: 3 });
  expect(window.median()).toBeUndefined();
  const medians = [10, 30, 20, 100, 200].map((sample) => {
    window.add(sample);
    return window.median();
  });
  // After the fourth sample 10 has been forgotten, after the fifth 30.
  expect(medians).toEqual([10, 10, 20, 30, 100]);
});
