// What must be as before after the whole cluster was stopped, as by a power cut, and started again:
//   restart.ts remember FOLDER    spends, and keeps balances, receipts and a copy of the log
//   restart.ts compare FOLDER     compares with what the network says now, and asks it for one more answer
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { api, budget, chat, createKey } from "@koinon/acceptance/network/client";
import { koinon } from "@koinon/acceptance/network/koinon-command";
import type { Network } from "@koinon/acceptance/network/network";
import { waitFor } from "@koinon/testkit/wait-for";
import { openClusterNetwork } from "./network/cluster-network.ts";

interface Row {
  readonly request_id: string;
  readonly state: string;
  readonly log_index: number | null;
}

interface Memory {
  readonly key: string;
  readonly budget: Readonly<Record<string, string>>;
  readonly receipts: readonly Row[];
}

const [command, folder = "."] = process.argv.slice(2);
const memoryFile = path.join(folder, "memory.json");
const network = await openClusterNetwork();
if (command === "remember") await remember();
else await compare();
await network.stop();

async function remember(): Promise<void> {
  const { key } = await createKey(network, 10_000_000n);
  for (let request = 0; request < 50; request += 1) await chat(network, "say 5", { apiKey: key });
  const logged = async () => (await receipts(key)).every(({ log_index }) => log_index !== null);
  await waitFor(logged, { deadlineMs: 30_000, intervalMs: 200, what: "every receipt is in the log" });
  await saveLog(path.join(folder, "before"));
  const memory: Memory = { key, budget: await texts(key), receipts: await receipts(key) };
  writeFileSync(memoryFile, JSON.stringify(memory));
}

async function compare(): Promise<void> {
  const memory = JSON.parse(readFileSync(memoryFile, "utf8")) as Memory;
  same("the balance", await texts(memory.key), memory.budget);
  same("the receipts", await receipts(memory.key), memory.receipts);
  await saveLog(path.join(folder, "after"));
  samePrefix(path.join(folder, "before"), path.join(folder, "after"));
  const { status } = await chat(network, "say 5", { apiKey: memory.key });
  same("a further answer", status, 200);
  process.stdout.write("balances, receipts and log are as before; the network answers\n");
}

async function texts(key: string): Promise<Record<string, string>> {
  return Object.fromEntries(Object.entries(await budget(network, key)).map(([name, amount]) => [name, String(amount)]));
}

async function receipts(key: string): Promise<readonly Row[]> {
  const { body } = await api<{ data: readonly Row[] }>(network, "/v1/receipts?page_size=100", { apiKey: key });
  return body.data;
}

async function saveLog(copy: string): Promise<void> {
  const { url, trustFile }: Network = network;
  const { code, stdout } = await koinon(["audit", "--url", url, "--trust", trustFile, "--save", copy, "--json"]);
  if (code !== 0) throw new Error(`the audit failed: ${stdout}`);
}

/** Every tile and entry bundle that was there is there, with the same start: the tree grew, if anything, and never forked. */
function samePrefix(before: string, after: string): void {
  const [files, later] = [tilesIn(before), tilesIn(after)];
  let compared = 0;
  for (const file of files) {
    // A partial tile is named <index>.p/<width>; wider ones and the full one begin alike.
    const [whole = file] = file.split(".p/");
    const now = later.find((each) => each === file || each === whole || each.startsWith(`${whole}.p/`));
    if (now === undefined) throw new Error(`${file} is gone from the log`);
    const [old, grown] = [readFileSync(path.join(before, file)), readFileSync(path.join(after, now))];
    same(`the start of ${file}`, grown.subarray(0, old.length).toString("hex"), old.toString("hex"));
    compared += 1;
  }
  if (compared === 0) throw new Error("no tile of the log was compared");
}

function tilesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)))
    .filter((file) => file.startsWith("tile/"));
}

function same(what: string, now: unknown, before: unknown): void {
  const [found, expected] = [JSON.stringify(now), JSON.stringify(before)];
  if (found !== expected) throw new Error(`${what} changed:\n${expected.slice(0, 2000)}\n${found.slice(0, 2000)}`);
}
