import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";

test("nothing but the Node key functions uses what browsers do not have", () => {
  const folder = new URL(".", import.meta.url);
  const sources = readdirSync(folder).filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"));
  const needsNode = sources.filter((name) =>
    /from "node:|\bBuffer\b|\bprocess\.|ed25519-node/.test(readFileSync(new URL(name, folder), "utf8")),
  );
  expect(sources.length).toBeGreaterThan(10);
  expect(needsNode).toEqual(["ed25519-node.ts"]);
});
