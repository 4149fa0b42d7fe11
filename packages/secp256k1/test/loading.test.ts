import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import { expect, test } from "@jest/globals";
import { createSigner, implementation, recoverAddress } from "../src/ecdsa-node.ts";

const fixture = (name: string): URL => new URL(`fixtures/${name}`, import.meta.url);
const key = (number: number): Uint8Array => new Uint8Array(32).fill(number);
const signers = Array.from({ length: 20 }, (_, index) => createSigner(key(index + 1)));
const work = Array.from({ length: 100 }, (_, index) => {
  const digest = key(100 + index);
  return { digest, signature: signers[index % signers.length]?.sign(digest) ?? new Uint8Array() };
});
const addresses = work.map((_, index) => signers[index % signers.length]?.address);

function recoverInThread(): Promise<unknown> {
  return new Promise((resolve, reject) => {
    let answer: unknown;
    const worker = new Worker(fixture("recovery-main.ts"), { workerData: work, execArgv: ["--no-warnings"] });
    worker.on("message", (message) => {
      answer = message;
    });
    worker.on("error", reject);
    worker.on("exit", () => resolve(answer));
  });
}

test("threads load their own library, and the others keep theirs when one ends", async () => {
  for (let round = 0; round < 2; round++) {
    const expected = { implementation, addresses };
    const answers = await Promise.all([recoverInThread(), recoverInThread(), recoverInThread()]);
    expect(answers).toEqual([expected, expected, expected]);
    expect(work.map(({ digest, signature }) => recoverAddress(digest, signature))).toEqual(addresses);
  }
});

test("a process with a native curve does not spend its start on the pure one", () => {
  const main = fileURLToPath(fixture("loaded-main.ts"));
  const output = execFileSync(process.execPath, ["--no-warnings", main], { encoding: "utf8" });
  const { address, pureModules } = JSON.parse(output) as { address: string; pureModules: string[] };
  expect(pureModules.length > 0).toBe(implementation === "pure");
  expect(address).toBe(createSigner(key(1)).address);
});
