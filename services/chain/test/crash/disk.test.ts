import { open, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { freePort } from "@koinon/machine/free-port";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { StateStore } from "@koinon/state/state-store";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { chainTables } from "../../src/store/tables.ts";
import { testGenesis } from "../chain/test-genesis.ts";
import { transfers, Wallets } from "../chain/workload.ts";
import { call, post } from "../jsonrpc/rpc-client.ts";
import { signerOf } from "../sample-transactions.ts";

const main = new URL("./shard-main.ts", import.meta.url).pathname;
/** Somebody who is in the genesis and does nothing, so that the shard has not read the account. */
const sleeper: Address = "0x00000000000000000000000000000000005109e7";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let child: Child | undefined;
beforeEach(async () => {
  folder = await temporaryFolder("koinon-disk-");
  const alloc = { [sleeper]: { balance: "0x123456789abcdef0" } };
  await writeFile(path.join(folder.path, "genesis.json"), testGenesis({ alloc }));
});
afterEach(async () => {
  await child?.kill();
  await folder.remove();
});

/** Starts a shard; its files can not grow beyond so many KiB. */
async function startShard(fileKibibytesMax?: number): Promise<string> {
  const port = await freePort();
  const [data, genesis] = [path.join(folder.path, "data"), path.join(folder.path, "genesis.json")];
  // A limit on the size of files is what a full disk is to the database: a write that is refused.
  const limit = fileKibibytesMax === undefined ? "" : `trap "" XFSZ; ulimit -f ${fileKibibytesMax}; `;
  child = await startChild({
    command: "bash",
    args: ["-c", `${limit}exec "$0" --no-warnings "$@"`, process.execPath, main, data, genesis, String(port)],
    ready: /^serving$/,
    deadlineMs: 20_000,
  });
  return `http://127.0.0.1:${port}`;
}

interface ToldBlock {
  readonly number: Hex;
  readonly hash: Hex;
  readonly transactions: readonly Hex[];
}

/** The head as the shard tells it; undefined when it does not answer any more. */
async function toldHead(url: string): Promise<ToldBlock | undefined> {
  try {
    return (await call(url, "eth_getBlockByNumber", "latest", false)).result as ToldBlock;
  } catch {
    return undefined;
  }
}

/** Submits transfers until the shard is gone, and answers the last head that it told. */
async function loadUntilGone(url: string): Promise<ToldBlock> {
  const wallets = new Wallets();
  let told = await toldHead(url);
  while (child?.isRunning() === true) {
    const batch = transfers(wallets, 60).map((raw, id) => {
      return { jsonrpc: "2.0", id, method: "eth_sendRawTransaction", params: [bytesToHex(raw)] };
    });
    await post(url, JSON.stringify(batch)).catch(() => undefined);
    told = (await toldHead(url)) ?? told;
  }
  if (told === undefined) throw new Error("nothing was told");
  return told;
}

/** Ends with failure, saying why, within a moment. */
async function expectClearStop(codes: RegExp): Promise<void> {
  const { code, signal } = await (child as Child).exited;
  expect({ code, signal }).toEqual({ code: 1, signal: null });
  expect(child?.stdoutLines.find((line) => line.startsWith("failed"))).toMatch(codes);
  expect(child?.stdoutLines.at(-1)).toBe("stopped");
}

function openState(): StateStore {
  return new StateStore({ path: path.join(folder.path, "data"), tables: Object.values(chainTables) });
}

test("a full disk stops the shard, and nothing that it told of is lost", async () => {
  const url = await startShard(1_500);
  const told = await loadUntilGone(url);
  await expectClearStop(/^failed STATE_(WRITE_FAILED|STOPPED)$/);
  const state = openState();
  expect(state.head?.number).toBeGreaterThanOrEqual(BigInt(told.number));
  expect(state.block(BigInt(told.number))?.hash).toBe(told.hash);
  expect(state.verify().accounts).toBeGreaterThan(60);
  await state.close();
  // With room again it goes on where it was.
  const again = await startShard();
  const { result } = await call(again, "eth_getBlockByHash", told.hash, false);
  expect((result as ToldBlock).transactions).toEqual(told.transactions);
  await waitFor(async () => BigInt((await toldHead(again))?.number ?? 0) > BigInt(told.number) + 1n, {
    deadlineMs: 10_000,
  });
});

test("damage under a running shard is told, not served, and no block is built on it", async () => {
  await startShard();
  await child?.kill();
  // Begun anew, it has nothing of the genesis in memory.
  const url = await startShard();
  await waitFor(async () => BigInt((await toldHead(url))?.number ?? 0) > 3n);
  expect((await call(url, "eth_getBalance", signerOf(0).address, "latest")).result).toMatch(/^0x/);
  const damaged = await damageAccount(sleeper, url);
  expect(damaged).toBeGreaterThan(0);
  // Neither the thread that answers nor those for calls say anything else than that something is wrong.
  expect((await call(url, "eth_getBalance", sleeper, "latest")).error?.code).toBe(-32603);
  const balanceOf = { data: `0x73${sleeper.slice(2)}315f5260205ff3` };
  expect((await call(url, "eth_call", balanceOf, "latest")).error?.code).toBe(-32603);
  expect((await call(url, "eth_blockNumber")).error).toBeUndefined();
  // A transfer to the account has to read it.
  const wallets = new Wallets();
  const raw = bytesToHex(wallets.sign(0, { to: sleeper, value: 1n }));
  // The shard may be gone before it has answered.
  await call(url, "eth_sendRawTransaction", raw).catch(() => undefined);
  await expectClearStop(/^failed STATE_CORRUPT$/);
  const state = openState();
  expect(() => state.verify()).toThrow("STATE_CORRUPT");
  await state.close();
});

/**
 * Changes a bit of the account behind each copy of its key, in the file that the shard has open; answers how many there were. A
 * block that is being written may still put an older copy of the page there, so that it is looked again after two more blocks.
 */
async function damageAccount(address: Address, url: string): Promise<number> {
  const file = path.join(folder.path, "data", "data.mdb");
  const key = Buffer.concat([Buffer.from("x"), hexToBytes(address)]);
  const handle = await open(file, "r+");
  let sound: number | undefined;
  let count = 0;
  for (let found = -1; found !== 0; count += found) {
    found = 0;
    const bytes = await readFile(file);
    for (let at = bytes.indexOf(key); at !== -1; at = bytes.indexOf(key, at + 1)) {
      const place = at + key.length + 4;
      sound ??= bytes[place] as number;
      if (bytes[place] !== sound) continue;
      await handle.write(Uint8Array.of(sound ^ 0x10), 0, 1, place);
      found++;
    }
    const head = BigInt((await toldHead(url))?.number ?? 0);
    await waitFor(async () => BigInt((await toldHead(url))?.number ?? 0) > head + 1n);
  }
  await handle.close();
  return count;
}
