import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { writeRandomLlama } from "@koinon/compute/models/random-llama";
import type { Terminal } from "../src/command.ts";
import { runKoinon } from "../src/run.ts";

async function koinon(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const [out, err]: [string[], string[]] = [[], []];
  const terminal: Terminal = {
    env: {},
    clock: { now: () => 0 },
    random: { bytes: (count) => new Uint8Array(count) },
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    interrupted: () => AbortSignal.timeout(10_000),
  };
  return { code: await runKoinon(args, terminal), out, err };
}

test("a file is added under a name of its own and listed; what makes no sense is said", async () => {
  const folder = await mkdtemp(path.join(tmpdir(), "koinon-model-"));
  const file = `${folder}/Random Model.gguf`;
  await writeRandomLlama(file);
  const models = ["--models", `${folder}/models`];
  const added = await koinon("model", "add", `file:${file}`, ...models, "--license", "none", "--json");
  expect(added.code).toBe(0);
  expect(JSON.parse(added.out[0] ?? "")).toMatchObject({ name: "random-model", kind: "chat", license: "none" });
  const listed = await koinon("model", "list", ...models);
  expect(listed.out.join("\n")).toMatch(/random-model\s+chat\s+F32/);
  expect(await koinon("model", "add", `file:${file}`, ...models, "--sha256", "0".repeat(64))).toMatchObject({
    code: 1,
  });
  for (const args of [
    ["model", "add", `file:${file}`, "--sha256", "00"],
    ["model", "add", "smollm2-135m-instruct", "--sha256", "0".repeat(64)],
    ["model", "add", "smollm2-135m-instruct", "--name", "mine"],
  ])
    expect([args, (await koinon(...args, ...models)).code]).toEqual([args, 2]);
  for (const args of [["model"], ["model", "add"], ["model", "convert", "x"], ["model", "list", "x"]]) {
    expect([args, (await koinon(...args, ...models)).code]).toEqual([args, 2]);
  }
  await rm(folder, { recursive: true });
});
