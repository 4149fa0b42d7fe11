import { expect, test } from "@jest/globals";
import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { Anchoring } from "../../src/anchor/anchoring.ts";

test("a chain that is away is worth a warning when it stays away", async () => {
  const levels: string[] = [];
  const destination = { write: (line: string) => void levels.push((JSON.parse(line) as { level: string }).level) };
  const failedFourTimes = Promise.withResolvers<void>();
  let steps = 0;
  const anchoring = new Anchoring(
    { intervalMs: 1, pollMs: 1 },
    {
      anchorer: {
        step: async () => {
          steps += 1;
          if (steps === 5) failedFourTimes.resolve();
          if (steps >= 5) return "idle";
          throw new Error("nobody listens there");
        },
      },
      isLeader: () => true,
      log: createLogger({ name: "poi", level: "info", clock: systemClock, destination }),
      onFailure: () => undefined,
    },
  );
  anchoring.start();
  await failedFourTimes.promise;
  await anchoring.stop();
  expect(levels).toEqual(["info", "info", "warn", "warn"]);
});
