import { readFile } from "node:fs/promises";
import { connect } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { freePort } from "@koinon/machine/free-port";
import { startChild } from "./child-process.ts";
import { FakeClock } from "./fake-clock.ts";
import { startNats } from "./nats-server.ts";
import { describeWithProgram, findProgram } from "./program-suite.ts";
import { startRedis } from "./redis-server.ts";
import { SeededRandom } from "./seeded-random.ts";
import { temporaryFolder } from "./temporary-folder.ts";
import { waitFor } from "./wait-for.ts";

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};
const accepts = (port: number) =>
  new Promise<boolean>((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
const portOf = (url: string) => Number(new URL(url).port);

describe("clock, randomness and waiting", () => {
  test("the clock moves only when told", () => {
    const clock = new FakeClock(1_000);
    clock.advance(500);
    expect(clock.now()).toBe(1_500);
    clock.advance(-1_000);
    expect(clock.now()).toBe(500);
  });

  test("the same seed gives the same values, another seed others", () => {
    const draw = (seed: string) => {
      const random = new SeededRandom(seed);
      return [Buffer.from(random.bytes(40)).toString("hex"), random.integer(1_000), random.pick(["a", "b", "c"])];
    };
    expect(draw("x")).toEqual(draw("x"));
    expect(draw("x")).not.toEqual(draw("y"));
    const random = new SeededRandom("spread");
    const hits = Array.from({ length: 4_000 }, () => random.chance(0.25)).filter(Boolean).length;
    expect(hits).toBeGreaterThan(850);
    expect(hits).toBeLessThan(1_150);
  });

  test("waitFor answers the value, and names the condition and its last error when time is up", async () => {
    let looks = 0;
    expect(await waitFor(() => (++looks > 2 ? "there" : undefined), { intervalMs: 1 })).toBe("there");
    const never = waitFor(() => Promise.reject(new Error("down")), { deadlineMs: 20, what: "the server answers" });
    await expect(never).rejects.toThrow("not so within 20 ms: the server answers");
    await expect(never).rejects.toMatchObject({ cause: new Error("down") });
  });
});

describe("startChild", () => {
  const node = (script: string, more = {}) => startChild({ command: process.execPath, args: ["-e", script], ...more });
  const stay = "setInterval(() => {}, 1000);";

  test("waits for the ready line, passes environment and stdin, keeps the output", async () => {
    const script = `console.error("port " + process.env.KOINON_X); process.stdin.on("data", (d) => console.log("got " + String(d).trim()));`;
    const child = await node(script, { env: { KOINON_X: "17" }, ready: /port (\d+)/ });
    expect(child.ready?.[1]).toBe("17");
    child.write("hello\n");
    await child.waitForLine(/got hello/);
    expect(child.stdoutLines).toEqual(["got hello"]);
    await child.stop();
    expect(await child.exited).toEqual({ code: null, signal: "SIGTERM" });
  });

  test("a child that ends before it is ready fails with its output", async () => {
    await expect(node('console.log("no port"); process.exit(3)', { ready: /listening/ })).rejects.toThrow("no port");
  });

  test("kill is SIGKILL", async () => {
    const child = await node(`process.on("SIGTERM", () => {}); console.log("up"); ${stay}`, { ready: /up/ });
    await child.kill();
    expect(await child.exited).toEqual({ code: null, signal: "SIGKILL" });
    expect(child.isRunning()).toBe(false);
  });

  test("a grandchild goes down with a child that is killed", async () => {
    const module = JSON.stringify(new URL("child-process.ts", import.meta.url).href);
    const inner = `{ command: process.execPath, args: ["-e", "${stay}"] }`;
    const script = `const { startChild } = await import(${module}); console.log("inner " + (await startChild(${inner})).pid);`;
    const args = ["--no-warnings", "--input-type=module", "-e", script];
    const child = await startChild({ command: process.execPath, args, ready: /inner (\d+)/ });
    const inside = Number(child.ready?.[1]);
    expect(isAlive(inside)).toBe(true);
    await child.kill();
    await waitFor(() => !isAlive(inside));
  });
});

test("a temporary folder can be traversed by others and is removed", async () => {
  const folder = await temporaryFolder();
  await folder.remove();
  await expect(readFile(folder.path)).rejects.toMatchObject({ code: "ENOENT" });
});

test("a program that is nowhere is not found", () => {
  expect(findProgram("no-such-program-here")).toBeUndefined();
  expect(findProgram("sh")).toMatch(/\/sh$/);
});

describeWithProgram("nats-server", "startNats", () => {
  test("is killed and comes back on the same port", async () => {
    const nats = await startNats();
    const port = portOf(nats.url);
    expect(await accepts(port)).toBe(true);
    await nats.kill();
    expect(await accepts(port)).toBe(false);
    await nats.restart();
    expect(await accepts(port)).toBe(true);
    await nats.stop();
    expect(await accepts(port)).toBe(false);
  });
});

describeWithProgram("redis-server", "startRedis", () => {
  test("is killed and comes back on the same port", async () => {
    const redis = await startRedis();
    const port = portOf(redis.url);
    expect(await accepts(port)).toBe(true);
    await redis.kill();
    await redis.restart();
    expect(await accepts(port)).toBe(true);
    await redis.stop();
    expect(await accepts(await freePort())).toBe(false);
  });
});
