import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { lockFolder } from "./folder-lock.ts";

/** Takes the folder that it is given, says so or why not, and lives on. */
const taker = `
  import { lockFolder } from ${JSON.stringify(new URL("./folder-lock.ts", import.meta.url).href)};
  const said = await lockFolder(process.argv[1]).then(() => "taken", (error) => error.message);
  process.stdout.write(said + "\\n");
  setInterval(() => {}, 1_000);
`;

describe("folder lock", () => {
  let folder: string;
  const kills: (() => void)[] = [];
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), "koinon-lock-"));
  });
  afterEach(() => {
    for (const kill of kills.splice(0)) kill();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Another process that asks for the folder; answers what it says, and how to end it. */
  async function other(...prefix: string[]): Promise<{ said: string; pid: number | undefined; kill(): Promise<void> }> {
    const [program = process.execPath, ...args] = [
      ...prefix,
      process.execPath,
      ...["--no-warnings", "--input-type=module", "--eval", taker, folder],
    ];
    const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    kills.push(() => child.kill("SIGKILL"));
    const [chunk] = (await once(child.stdout, "data")) as [Buffer];
    const kill = async () => {
      child.kill("SIGKILL");
      await once(child, "exit");
    };
    return { said: chunk.toString().trim(), pid: child.pid, kill };
  }

  test("is held by one owner and names its process", async () => {
    const lock = await lockFolder(folder);
    await expect(lockFolder(folder)).rejects.toThrow(`DATA_FOLDER_IN_USE (folder=${folder}, pid=${process.pid})`);
    await lock.release();
    await lock.release();
    expect(readdirSync(folder)).toEqual(["owner.lock"]);
    await (await lockFolder(folder)).release();
  });

  test("goes to one of many who ask at once", async () => {
    const asked = await Promise.allSettled(Array.from({ length: 20 }, () => lockFolder(folder)));
    expect(asked.filter(({ status }) => status === "fulfilled").length).toBe(1);
    for (const result of asked) if (result.status === "fulfilled") await result.value.release();
  });

  test("is refused to other processes, and free as soon as its holder is killed", async () => {
    const holder = await other();
    expect(holder.said).toBe("taken");
    await expect(lockFolder(folder)).rejects.toThrow(`pid=${holder.pid}`);
    await holder.kill();
    const lock = await lockFolder(folder);
    expect((await other()).said).toContain(`DATA_FOLDER_IN_USE (folder=${folder}, pid=${process.pid})`);
    await lock.release();
    expect((await other()).said).toBe("taken");
  });

  // Both are process 1 there, each of a world of its own.
  const testAsRoot = process.platform === "linux" && process.getuid?.() === 0 ? test : test.skip;
  testAsRoot("holds between containers, whose processes do not see each other", async () => {
    const container = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc"];
    const holder = await other(...container);
    expect(holder.said).toBe("taken");
    expect((await other(...container)).said).toBe(`DATA_FOLDER_IN_USE (folder=${folder}, pid=1)`);
  });

  test.each([
    ["a process that is gone", "999999999\n"],
    ["a file that was cut short", ""],
    ["an owner of another time", "1 2\n"],
  ])("does not believe the name of %s", async (_owner, content) => {
    writeFileSync(path.join(folder, "owner"), content);
    await (await lockFolder(folder)).release();
  });
});
