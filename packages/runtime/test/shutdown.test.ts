import { describe, expect, test } from "@jest/globals";
import { type Phase, runPhases } from "../src/shutdown.ts";
import { createRecordingLog } from "./recording-log.ts";

function run(phases: readonly Phase[]) {
  const { log, lines } = createRecordingLog();
  let now = 0;
  return runPhases(phases, { log, monotonicMs: () => (now += 5) }).then((outcome) => ({ ...outcome, lines: lines() }));
}

describe("phases", () => {
  test("run one after the other, named and timed", async () => {
    const order: string[] = [];
    const phase = (name: string): Phase => ({
      name,
      timeoutMs: 1_000,
      run: async () => {
        await Promise.resolve();
        order.push(name);
      },
    });
    const { clean, lines } = await run([phase("one"), phase("two")]);
    expect(order).toEqual(["one", "two"]);
    expect(clean).toBe(true);
    expect(lines).toEqual([
      expect.objectContaining({ level: "info", phase: "one", durationMs: 5 }),
      expect.objectContaining({ level: "info", phase: "two", durationMs: 5 }),
    ]);
  });

  test("one that fails is logged with its reason and the next one runs", async () => {
    let reached = false;
    const { clean, lines } = await run([
      { name: "bad", timeoutMs: 1_000, run: () => Promise.reject(new Error("no disk")) },
      {
        name: "good",
        timeoutMs: 1_000,
        run: async () => {
          reached = true;
        },
      },
    ]);
    expect([clean, reached]).toEqual([false, true]);
    expect(lines[0]).toMatchObject({
      level: "warn",
      phase: "bad",
      msg: "shutdown phase failed",
      err: { message: "no disk" },
    });
  });

  test("one that takes too long gets its signal; if it ends then, nothing waits longer", async () => {
    const { clean, lines } = await run([
      {
        name: "slow",
        timeoutMs: 10,
        run: (signal) => new Promise((resolve) => signal.addEventListener("abort", () => resolve())),
      },
    ]);
    expect(clean).toBe(false);
    expect(lines[0]).toMatchObject({ level: "warn", phase: "slow", msg: "shutdown phase out of time" });
  });

  test("one that ignores its signal is left behind", async () => {
    const { clean } = await run([{ name: "stuck", timeoutMs: 1, run: () => new Promise(() => {}) }]);
    expect(clean).toBe(false);
  });
});
