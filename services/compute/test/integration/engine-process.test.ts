import { spawn } from "node:child_process";
import { once } from "node:events";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import type { GenerationEvent, GenerationRequest } from "../../src/engine/generator.ts";
import { engineMain, startRandomEngine, type TestEngine } from "../fixtures/engine-process.ts";

let engine: TestEngine;

beforeAll(async () => {
  engine = await startRandomEngine({ slots: 1, queueMax: 1 });
});
afterAll(() => engine.close());

const endless: GenerationRequest = {
  model: "random",
  prompt: { kind: "text", text: "hello" },
  choices: 1,
  maxTokens: 2000,
  sampling: { temperature: 1, topP: 1, frequencyPenalty: 0, presencePenalty: 0, seed: 1 },
  stop: [],
  // The end of the turn is out of reach for as long as the grammar has something left.
  constraint: { grammar: "root ::= [a-z]{1999}" },
};

async function firstDelta(request: GenerationRequest, signal: AbortSignal): Promise<AsyncIterator<GenerationEvent>> {
  const events = engine.generator.generate(request, signal)[Symbol.asyncIterator]();
  while ((await events.next()).value?.type !== "delta") {}
  return events;
}

async function idle(): Promise<boolean> {
  await engine.generator.refresh(AbortSignal.timeout(1_000));
  const { state, active } = engine.generator.health();
  return state === "ready" && active === 0;
}

test("models are listed with their manifests", () => {
  const [model] = engine.generator.models();
  expect(model).toMatchObject({ name: "random", kind: "chat", hasChatTemplate: true, contextTokens: 2048 });
  expect(JSON.parse(Buffer.from(model?.manifest ?? "").toString())).toMatchObject({
    format: "koinon.manifest/1",
    engine: { name: "llama.cpp" },
    weights: { hash: `0x${model?.weightsSha256}` },
  });
});

describe("a busy engine", () => {
  test("refuses beyond its queue with a typed overload, and cancelling frees slot and place", async () => {
    const [running, waiting] = [new AbortController(), new AbortController()];
    const first = await firstDelta(endless, running.signal);
    const second = firstDelta(endless, waiting.signal).catch((error: unknown) => error);
    await waitFor(async () => {
      await engine.generator.refresh(AbortSignal.timeout(1_000));
      return engine.generator.health().queued === 1;
    });
    const third = firstDelta(endless, new AbortController().signal);
    await expect(third).rejects.toMatchObject({ code: "ENGINE_OVERLOADED", fault: { active: 1, queued: 1 } });
    waiting.abort(new Error("left the queue"));
    await expect(second).resolves.toMatchObject({ message: "left the queue" });
    await first.return?.();
    running.abort();
    await waitFor(idle, { what: "the decoding to stop" });
  });

  test("a cancelled prompt stops within the prompt", async () => {
    const leaving = new AbortController();
    const long: GenerationRequest = { ...endless, prompt: { kind: "text", text: "x".repeat(1_900) }, maxTokens: 1 };
    const asked = firstDelta(long, leaving.signal).catch((error: unknown) => error);
    leaving.abort(new Error("left"));
    expect(await asked).toMatchObject({ message: "left" });
    await waitFor(idle);
  });
});

test("faults of the request come back as they were", async () => {
  const failing = (request: Partial<GenerationRequest>) =>
    firstDelta({ ...endless, ...request }, AbortSignal.timeout(20_000));
  await expect(failing({ model: "none" })).rejects.toMatchObject({
    fault: { code: "ENGINE_MODEL_UNKNOWN", model: "none" },
  });
  await expect(failing({ maxTokens: 3_000 })).rejects.toMatchObject({
    fault: { code: "CONTEXT_OVERFLOW", contextTokens: 2048, promptTokens: 5, requestedTokens: 3_000 },
  });
  await expect(failing({ constraint: { grammar: "root ::= nowhere" } })).rejects.toMatchObject({
    code: "GRAMMAR_REFUSED",
  });
  await expect(engine.generator.embed("random", ["x"], AbortSignal.timeout(20_000))).rejects.toMatchObject({
    code: "ENGINE_MODEL_UNSUITED",
  });
});

test("penalties change what a loop of tokens does", async () => {
  const text = async (frequencyPenalty: number) => {
    let all = "";
    const sampling = { ...endless.sampling, temperature: 0, frequencyPenalty };
    const request = { ...endless, sampling, constraint: { grammar: "root ::= [a-c]{40}" }, maxTokens: 40 };
    for await (const event of engine.generator.generate(request, AbortSignal.timeout(20_000))) {
      if (event.type === "delta") all += event.text;
    }
    return all;
  };
  const [free, penalised] = [await text(0), await text(2)];
  expect(free).toHaveLength(40);
  expect(penalised).not.toBe(free);
});

test("a crash breaks the answer under way, health says so, and the engine comes back by itself", async () => {
  const events = await firstDelta(endless, AbortSignal.timeout(20_000));
  const { pid } = engine.process.state;
  process.kill(pid ?? 0, "SIGKILL");
  const broken = (async () => {
    while ((await events.next()).done !== true) {}
  })();
  await expect(broken).rejects.toMatchObject({ code: expect.stringMatching(/^ENGINE_(UNAVAILABLE|FAILED)$/) });
  await waitFor(() => engine.process.state.restarts === 1 && engine.process.state.state === "ready", {
    what: "the crash to be noticed, and the restart",
  });
  expect(engine.process.state.pid).not.toBe(pid);
  await waitFor(idle, { what: "the connection to the new process" });
  const again = await firstDelta({ ...endless, maxTokens: 3 }, AbortSignal.timeout(20_000));
  await again.return?.();
});

test("an engine process ends with the one that started it", async () => {
  const child = spawn(process.execPath, [engineMain], { stdio: ["pipe", "ignore", "ignore"] });
  const exited = once(child, "exit");
  // Its order never comes: the parent is gone before it could write.
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
});
