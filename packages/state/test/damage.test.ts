import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Account } from "@koinon/ethereum/account";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { encodeAccountRecord } from "../src/account-record.ts";
import { StateStore } from "../src/state-store.ts";
import { bodies, bodyKey, numberedBlock, numberedBody, numberedChanges } from "./fixtures/numbered-blocks.ts";
import { createDice } from "./fixtures/random-changes.ts";
import { addressOf, changesOf, plainAccount } from "./fixtures/state-model.ts";

const fixture = (name: string) => fileURLToPath(new URL(`./fixtures/${name}`, import.meta.url));
const code = Uint8Array.from({ length: 300 }, (_, index) => index);
const rich = 0x1234567890abcdefn ** 3n;

describe("a damaged store", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "koinon-state-damage-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const path = (name: string) => join(folder, name);
  const open = (name: string) => new StateStore({ path: path(name), tables: [bodies], historyBlocks: 16 });

  async function fill(name: string, last: bigint): Promise<void> {
    const store = open(name);
    for (let number = 0n; number <= last; number++) {
      await store.commit(store.prepare(store.head?.hash, numberedChanges(number)), numberedBlock(number), {
        write: (tables) => tables.put(bodies, bodyKey(number), numberedBody(number)),
      });
    }
    const { head } = store;
    if (head === undefined) throw new Error("empty");
    const account: Account = { ...plainAccount(1n, rich), codeHash: bytesToHex(keccak256(code)) };
    const changes = changesOf({
      accounts: new Map([[addressOf(1), account]]),
      storage: new Map([[addressOf(1), new Map([[77n, rich]])]]),
      code: new Map([[account.codeHash, code]]),
    });
    await store.commit(store.prepare(head.hash, changes), numberedBlock(last + 1n), {
      write: (tables) => tables.put(bodies, bodyKey(last + 1n), numberedBody(last + 1n)),
    });
    await store.close();
  }

  /** Flips a bit in every copy of these bytes in the file, of which there may be some on pages that are no longer used. */
  function flip(name: string, wanted: Uint8Array): void {
    const file = join(path(name), "data.mdb");
    const bytes = readFileSync(file);
    let count = 0;
    for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + 1)) {
      bytes[at + wanted.length - 1] = (bytes[at + wanted.length - 1] as number) ^ 0x10;
      count++;
    }
    expect(count).toBeGreaterThan(0);
    writeFileSync(file, bytes);
  }

  test("tells of a changed bit in an account, a slot, code, a node or a body, and goes no further", async () => {
    await fill("good", 20n);
    const good = open("good");
    const record = good.proof(addressOf(1), [77n]);
    const root = record.accountProof[0] as Uint8Array;
    await good.close();
    const account = encodeAccountRecord({
      nonce: 1n,
      balance: rich,
      codeHash: record.codeHash,
      storageRoot: record.storageHash,
    });
    const word = hexToBytes(
      `0x0${rich.toString(16)}`.replace("0x0", rich.toString(16).length % 2 === 1 ? "0x0" : "0x"),
    );
    const touch = changesOf({ accounts: new Map([[addressOf(1), plainAccount(9n, 9n)]]) });
    const cases: [string, Uint8Array, (store: StateStore) => unknown][] = [
      ["account", account, (store) => store.at(22n - 1n).account(addressOf(1))],
      ["slot", word, (store) => store.at(21n).storage(addressOf(1), 77n)],
      ["code", code, (store) => store.at(21n).code(record.codeHash)],
      ["node", root, (store) => store.prepare(store.head?.hash, touch)],
      ["node in a proof", root, (store) => store.proof(addressOf(2), [])],
      ["body", numberedBody(21n), (store) => store.table(bodies).get(bodyKey(21n))],
      ["anything, by a check of all", account, (store) => store.verify()],
    ];
    for (const [name, bytes, read] of cases) {
      cpSync(path("good"), path(name), { recursive: true });
      flip(name, bytes);
      const store = open(name);
      expect({ name, fault: faultOf(() => read(store)) }).toEqual({ name, fault: "STATE_CORRUPT" });
      if (name === "node") {
        const candidate = () => store.commit(store.prepare(undefined, touch), numberedBlock(22n));
        await expect(candidate()).rejects.toMatchObject({ fault: { code: "STATE_STOPPED" } });
      }
      await store.close();
    }
  });

  test("tells of an account that is gone from its table when the block that touches it is prepared", async () => {
    await fill("good", 3n);
    // The key is damaged, so that the account is not found any more: a checksum of what is found can not tell that.
    const file = join(path("good"), "data.mdb");
    const bytes = readFileSync(file);
    const key = Buffer.concat([Buffer.from("x"), hexToBytes(addressOf(1))]);
    for (let at = bytes.indexOf(key); at !== -1; at = bytes.indexOf(key, at + 1))
      bytes[at + 20] = (bytes[at + 20] as number) ^ 1;
    writeFileSync(file, bytes);
    const store = open("good");
    expect(store.at(4n).account(addressOf(1))).toBeUndefined();
    const touch = changesOf({ accounts: new Map([[addressOf(1), plainAccount(9n, 9n)]]) });
    expect(faultOf(() => store.prepare(store.head?.hash, touch))).toBe("STATE_CORRUPT");
    await store.close();
  });

  test("with random pages overwritten it stops or is right, and is never silently wrong", async () => {
    await fill("good", 40n);
    const run = (name: string) =>
      spawnSync(process.execPath, ["--no-warnings", fixture("read-all-main.ts"), path(name)], { encoding: "utf8" });
    const right = run("good").stdout;
    expect(right).toMatch(/^root 0x[0-9a-f]{64} \d+ 42\n$/);
    const dice = createDice(5);
    const pageBytes = 4096;
    const seen = new Set<string>();
    for (let round = 0; round < 16; round++) {
      cpSync(path("good"), path("bad"), { recursive: true });
      const file = join(path("bad"), "data.mdb");
      const bytes = readFileSync(file);
      const pages = bytes.length / pageBytes;
      for (let page = 0; page < 6; page++) {
        const at = (2 + dice(pages - 2)) * pageBytes;
        for (let index = 16; index < pageBytes; index++) bytes[at + index] = dice(256);
      }
      writeFileSync(file, bytes);
      const { stdout, signal } = run("bad");
      const outcome = signal ?? (stdout.startsWith("fault") ? stdout.trim() : "root");
      if (outcome === "root") expect(stdout).toBe(right);
      else expect(signal !== null || stdout === "fault STATE_CORRUPT\n").toBe(true);
      seen.add(outcome);
      rmSync(path("bad"), { recursive: true });
    }
    expect(seen.has("fault STATE_CORRUPT")).toBe(true);
  });
});

describe("a store that can not write", () => {
  let folder = "";
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "koinon-state-full-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test("stops with a typed fault when the disk takes no more, and has the last whole block when it is opened again", () => {
    // A limit on the size of files is what a full disk is to the database: a write that is refused.
    const script = `trap "" XFSZ; ulimit -f 1500; exec "$0" --no-warnings "$@"`;
    const { stdout } = spawnSync("bash", ["-c", script, process.execPath, fixture("commit-loop-main.ts"), folder], {
      encoding: "utf8",
    });
    const lines = stdout.trim().split("\n");
    expect(lines.at(-1)).toMatch(/^fault STATE_(WRITE_FAILED|STOPPED)$/);
    const durable = lines.filter((line) => line.startsWith("durable")).length;
    expect(durable).toBeGreaterThan(3);
    const store = new StateStore({ path: folder, tables: [bodies], historyBlocks: 16 });
    expect(store.head?.number).toBe(BigInt(durable - 1));
    expect(store.verify().accounts).toBeGreaterThan(0);
    expect(store.table(bodies).get(bodyKey(BigInt(durable)))).toBeUndefined();
  });
});

function faultOf(action: () => unknown): string {
  try {
    return `none: ${String(action())}`;
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}
