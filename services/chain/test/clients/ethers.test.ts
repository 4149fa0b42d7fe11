import { describe } from "@jest/globals";
import { compareWithAnvil } from "./comparison.ts";
import { runEthers } from "./scripts/ethers-script.ts";

describe("ethers", () => {
  compareWithAnvil("deploy, call, events, errors, subscriptions", runEthers, 18);
});
