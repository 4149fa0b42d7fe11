import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { StateStore } from "../src/state-store.ts";
import { bodies, bodyKey, numberedBlock, numberedBody, numberedChanges } from "./fixtures/numbered-blocks.ts";
import { createDice } from "./fixtures/random-changes.ts";
import { StateModel } from "./fixtures/state-model.ts";

const main = fileURLToPath(new URL("./fixtures/commit-loop-main.ts", import.meta.url));
/** `KOINON_KILLS=100` for the long run. */
const kills = Number(process.env.KOINON_KILLS ?? "30");
const killsPerTest = 5;

/** Runs the loop, kills it a while after it opened the store or had a block in it, and answers the last one that it called durable. */
async function commitUntilKilled(folder: string, after: "open" | "durable", delayMs: number): Promise<bigint> {
  const child = spawn(process.execPath, ["--no-warnings", main, folder], { stdio: ["ignore", "pipe", "inherit"] });
  let durable = -1n;
  let isDoomed = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, number = ""] = line.split(" ");
    if (word === after && !isDoomed) {
      isDoomed = true;
      setTimeout(() => child.kill("SIGKILL"), delayMs);
    }
    if (word === "durable") durable = BigInt(number);
    else if (word !== "open") throw new Error(line);
  }
  return durable;
}

describe("a store whose process is killed", () => {
  let folder = "";
  const model = new StateModel();
  let modelled = -1n;
  const dice = createDice(Number(process.env.KOINON_SEED ?? "7"));

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "koinon-state-kill-"));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test.each(Array.from({ length: Math.ceil(kills / killsPerTest) }, (_, index) => [index * killsPerTest + 1]))(
    "opens with whole blocks and nothing lost, kills from %i on",
    async () => {
      for (let round = 0; round < killsPerTest; round++) {
        // On a busy machine nothing may be committed so soon after the store was opened.
        const durable = await commitUntilKilled(folder, round % 3 === 0 ? "open" : "durable", dice(120));
        const store = new StateStore({ path: folder, tables: [bodies], historyBlocks: 16 });
        const head = store.head?.number ?? -1n;
        expect(head >= durable).toBe(true);
        for (; modelled < head; modelled++) model.apply(numberedChanges(modelled + 1n));
        if (head >= 0n) {
          expect(store.head?.hash).toBe(numberedBlock(head).hash);
          expect(store.head?.root).toBe(model.root());
          expect(store.verify().accounts).toBe(model.accounts.size);
          expect(store.table(bodies).get(bodyKey(head))).toEqual(numberedBody(head));
          expect(store.table(bodies).get(bodyKey(head + 1n))).toBeUndefined();
          expect([...store.table(bodies).range()].length).toBe(Number(head) + 1);
        }
        await store.close();
      }
    },
  );

  test("had blocks to lose", () => expect(modelled).toBeGreaterThan(kills / 2));
});
