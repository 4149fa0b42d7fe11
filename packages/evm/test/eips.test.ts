import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "@jest/globals";

// Who looks for a rule looks for the number of its EIP: it must be where the rule is. Left out is what concerns consensus, the
// peer-to-peer network or defaults alone.
const forks: Readonly<Record<string, readonly number[]>> = {
  // EIP-7569
  cancun: [1153, 4788, 4844, 5656, 6780, 7516],
  // EIP-7600
  prague: [2537, 2935, 6110, 7002, 7251, 7623, 7685, 7691, 7702, 7840],
  // EIP-7607
  osaka: [7594, 7823, 7825, 7883, 7892, 7910, 7918, 7934, 7939, 7951],
  earlier: [
    ...[2, 7, 140, 141, 145, 150, 152, 155, 160, 161, 170, 196, 197, 198, 211, 214, 658, 684, 1014, 1052, 1108, 1344],
    ...[1559, 1884, 2028, 2200, 2565, 2681, 2718, 2929, 2930, 3198, 3529, 3541, 3607, 3651, 3855, 3860, 4399, 4895],
    7610,
  ],
};

const packages = path.join(import.meta.dirname, "..", "..");
const sources = ["ethereum", "evm", "precompiles"].flatMap((name) => {
  const folder = path.join(packages, name, "src");
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"))
    .map((file) => ({ file: `${name}/src/${file}`, text: readFileSync(path.join(folder, file), "utf8") }));
});

test.each(Object.entries(forks))("every EIP of %s is found by its number", (_fork, eips) => {
  const missing = eips.filter((eip) => !sources.some(({ text }) => new RegExp(`EIP-${eip}\\b`).test(text)));
  expect(missing).toEqual([]);
});
