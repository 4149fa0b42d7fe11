import { describe } from "@jest/globals";
import { findGeth } from "./geth-program.ts";

const program = findGeth();
if ("missing" in program) {
  process.stderr.write(`geth is not here, so nothing is compared with it: ${program.missing}\n`);
}

/** The program; empty where it is not, and then nothing runs that needs it. */
export const gethFile: string = "file" in program ? program.file : "";

/** `describe` where there is a geth; elsewhere what it describes is skipped, and the reason was printed. */
export const describeWithGeth: (name: string, body: () => void) => void = "file" in program ? describe : describe.skip;
