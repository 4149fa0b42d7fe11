import { describe } from "@jest/globals";
import { findBinary } from "./binaries.ts";
import { compareWithAnvil } from "./comparison.ts";
import { runFoundry } from "./scripts/foundry-script.ts";

const missing = findBinary("cast").missing ?? findBinary("forge").missing;
const suite = (): void => compareWithAnvil("forge create, cast, forge script", runFoundry, 22);

if (missing === undefined) describe("Foundry", suite);
else describe.skip(`Foundry (skipped: ${missing})`, suite);
