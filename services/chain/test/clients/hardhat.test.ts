import { describe } from "@jest/globals";
import { compareWithAnvil } from "./comparison.ts";
import { runHardhat } from "./scripts/hardhat-script.ts";

describe("hardhat", () => {
  compareWithAnvil("deploy, send, call, errors", runHardhat, 6);
});
