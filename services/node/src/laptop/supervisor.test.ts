import { describe, expect, test } from "@jest/globals";
import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { waitFor } from "@koinon/testkit/wait-for";
import { superviseChild } from "./supervisor.ts";

const log = createLogger({ name: "test", level: "silent", clock: systemClock });
const plan = {
  name: "sleeper",
  command: process.execPath,
  args: ["-e", "process.stdin.resume(); process.stdin.on('end', () => process.exit(0)); setInterval(() => {}, 1000)"],
  env: {},
};

describe("a supervised child", () => {
  test("is started again after kill -9, with a new process id, and not after it was stopped", async () => {
    const pids: number[] = [];
    const child = superviseChild(plan, { log, clock: systemClock, onStart: (pid) => pids.push(pid) });
    const first = await waitFor(() => pids[0]);
    process.kill(first, "SIGKILL");
    const second = await waitFor(() => pids[1], { what: "the child runs again" });
    expect(second).not.toBe(first);
    await child.stop(AbortSignal.timeout(5_000));
    expect(() => process.kill(second, 0)).toThrow();
    expect(child.pid()).toBeUndefined();
    expect(pids).toEqual([first, second]);
  });
});
