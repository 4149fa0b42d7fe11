import { expect, test } from "@jest/globals";
import { describeHardware } from "../src/report/hardware.ts";

test("the speed of the machine stands beside what it is", () => {
  const { memoryReadNs, recoveriesPerSecond, curve } = describeHardware();
  expect(memoryReadNs).toBeGreaterThan(0);
  expect(recoveriesPerSecond).toBeGreaterThan(0);
  expect(["system", "prebuilt", "pure"]).toContain(curve);
});
