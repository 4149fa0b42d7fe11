import { chmod, mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterEach, beforeEach, expect, test } from "@jest/globals";
import { startChild } from "@koinon/testkit/child-process";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
beforeEach(async () => {
  folder = await temporaryFolder();
});
afterEach(() => folder.remove());

test("folders that pip takes away while their size is looked at do not end the process", async () => {
  const bin = path.join(folder.path, "bin");
  const into = path.join(folder.path, "into");
  const seen = path.join(folder.path, "seen");
  await Promise.all([mkdir(bin), mkdir(into)]);
  // What is looked through is not there for a while, as folders in it are that pip has done with.
  const python = `#!/bin/sh
case "$*" in *--version) exit 0;; esac
mv ${into} ${into}.away; sleep 0.7; mv ${into}.away ${into}
echo wheel > ${into}/pkg-1-py3-none-any.whl
while [ ! -e ${seen} ]; do sleep 0.1; done
`;
  await writeFile(path.join(bin, "python3"), python);
  await chmod(path.join(bin, "python3"), 0o755);
  const options = JSON.stringify({ package: "pkg", version: "1", folder: into, env: { PATH: `${bin}:/usr/bin:/bin` } });
  const script = `
    const { downloadWheel } = await import(${JSON.stringify(new URL("pip.ts", import.meta.url).href)});
    const { writeFileSync } = await import("node:fs");
    // It goes on looking after the folder was away.
    const onBytes = (bytes) => bytes === 6 && writeFileSync(${JSON.stringify(seen)}, "");
    console.log(await downloadWheel({ ...${options}, onBytes, signal: AbortSignal.timeout(60_000) }));`;
  const args = ["--no-warnings", "--input-type=module", "-e", script];
  const child = await startChild({ command: process.execPath, args });
  const { code } = await child.exited;
  const wheel = path.join(into, "pkg-1-py3-none-any.whl");
  expect({ code, printed: child.stdoutLines }).toEqual({ code: 0, printed: [wheel] });
});
