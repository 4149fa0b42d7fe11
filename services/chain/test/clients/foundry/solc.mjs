// The npm compiler behind the part of solc's command line that forge uses.

import { readFileSync, writeSync } from "node:fs";
import solc from "solc";

if (process.argv.includes("--version")) {
  const version = solc.version().replace(/\.Emscripten.*$/, ".Linux.g++");
  writeSync(1, `solc, the solidity compiler commandline interface\nVersion: ${version}\n`);
} else {
  const output = Buffer.from(solc.compile(readFileSync(0, "utf8")));
  for (let offset = 0; offset < output.length; ) offset += writeSync(1, output, offset);
}
