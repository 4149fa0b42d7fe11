import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { expect, test } from "@jest/globals";
import { manifestEngine } from "./load-store.ts";

test("manifests name the engine that is installed", () => {
  // The package exports no package.json, so it is found beside its entry.
  const entry = createRequire(import.meta.url).resolve("node-llama-cpp");
  const { version } = JSON.parse(readFileSync(path.join(path.dirname(entry), "..", "package.json"), "utf8"));
  expect(manifestEngine).toEqual({ name: "llama.cpp", version: `node-llama-cpp ${version}` });
});
