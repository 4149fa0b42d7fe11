import { describe } from "@jest/globals";
import { compareWithAnvil } from "./comparison.ts";
import { ViemClients } from "./scripts/viem-clients.ts";
import { runNode } from "./scripts/viem-node.ts";
import { runTokens } from "./scripts/viem-tokens.ts";
import { runTraces } from "./scripts/viem-traces.ts";

describe("viem", () => {
  compareWithAnvil("tokens and a pair", (target, seen) => runTokens(new ViemClients(target), seen), 36);
  compareWithAnvil("chain, calls, filters, subscriptions, fees", runNode, 30);
  compareWithAnvil("traces", runTraces, 15);
});
