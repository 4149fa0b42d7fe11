import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "@jest/globals";
import { parseTrust } from "../src/trust.ts";
import { stepNames } from "../src/verify/verification.ts";
import { verifyBundle } from "../src/verify/verify-bundle.ts";

const read = (name: string): Uint8Array => readFileSync(new URL(`vectors/${name}`, import.meta.url));

describe("the checked-in vector", () => {
  test("still verifies: the format has not changed", () => {
    const given = { request: read("request.body"), response: read("response.body") };
    const result = verifyBundle(read("bundle.json"), parseTrust(read("trust.json")), given);
    expect(result.steps.filter(({ status }) => status !== "passed").map(({ name }) => name)).toEqual(["anchor"]);
    expect(result.textChecked).toBe(true);
    expect(result.receiptId).toBe("0x9ab1143a249e00d7c3099fb7b6b495d7ce5949c50f0736b40e0f0290b812923d");
  });

  test("of an anchored checkpoint verifies, and says where it is anchored", () => {
    const trust = parseTrust(read("anchored-trust.json"));
    const result = verifyBundle(read("anchored-bundle.json"), trust);
    expect(result.steps.filter(({ status }) => status === "failed")).toEqual([]);
    const [chain] = trust.anchoring.chains;
    const id = `${chain?.chainId}/${chain?.registry}/${chain?.blocks.at(-1)}`;
    expect(result).toMatchObject({ valid: true, anchors: expect.arrayContaining([{ kind: "chain", id, name: "" }]) });
  });

  test("verifies with the modules that a browser loads, none of which is a Node built-in", () => {
    const script = fileURLToPath(new URL("browser-run.mjs", import.meta.url));
    const output = execFileSync(process.execPath, ["--conditions=browser", script], { encoding: "utf8" });
    const result = JSON.parse(output) as {
      valid: boolean;
      textChecked: boolean;
      implementation: string;
      steps: { name: string }[];
      anchored: { valid: boolean };
    };
    expect(result).toMatchObject({ valid: true, textChecked: true, implementation: "pure", anchored: { valid: true } });
    expect(result.steps.map(({ name }) => name)).toEqual(stepNames);
  });
});
