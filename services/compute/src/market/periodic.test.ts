import { expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { silentLog } from "../../test/market/silent-log.ts";
import { PeriodicTasks } from "./periodic.ts";

test("a task is repeated, never twice at once, goes on after a failure, and ends with stop", async () => {
  const warnings: object[] = [];
  const tasks = new PeriodicTasks({ log: { ...silentLog, warn: (facts) => warnings.push(facts) } });
  let runs = 0;
  let running = 0;
  const release: (() => void)[] = [];
  tasks.start({
    name: "sweep",
    intervalMs: 1,
    run: async () => {
      running++;
      runs++;
      expect(running).toBe(1);
      await new Promise<void>((resolve) => release.push(resolve));
      running--;
      if (runs < 3) throw new Error("away");
    },
  });
  for (let run = 1; run <= 3; run++) {
    await waitFor(() => release.length === run);
    release[run - 1]?.();
    await waitFor(() => tasks.failing.length === (run < 3 ? 1 : 0));
  }
  // One line for one outage.
  expect(warnings).toHaveLength(1);
  const stopped = tasks.stop();
  await waitFor(() => running === 0 || release.length === 4);
  release[3]?.();
  await stopped;
  const after = runs;
  await new Promise<void>((resolve) => setImmediate(resolve));
  expect(runs).toBe(after);
});
