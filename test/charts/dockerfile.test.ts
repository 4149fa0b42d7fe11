import { readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const repository = fileURLToPath(new URL("../..", import.meta.url));
const dockerfile = readFileSync(path.join(repository, "deploy/Dockerfile"), "utf8");

test("images are built with the workspace's Node and pnpm, and filled by the script that the tests run", () => {
  const { packageManager } = JSON.parse(readFileSync(path.join(repository, "package.json"), "utf8")) as {
    packageManager: string;
  };
  expect(dockerfile).toContain(`ARG NODE_VERSION=${process.versions.node}\n`);
  expect(dockerfile).toContain(`npm install --global ${packageManager}\n`);
  expect(dockerfile).toMatch(/deploy\/assemble.sh .*SERVICE.* \/out\n/);
  expect(dockerfile).toContain("USER 10001:10001\n");
});
