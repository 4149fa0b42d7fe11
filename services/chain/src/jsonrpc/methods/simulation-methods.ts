import { setImmediate as nextTurn } from "node:timers/promises";
import type { ExecutionView } from "../../chain-view.ts";
import { readBlockReference } from "../codec/block-reference.ts";
import { optional, required } from "../codec/parameter.ts";
import { readSimulation } from "../codec/simulation.ts";
import { Simulation } from "../execution/simulation.ts";
import { simulatedBlockToJson } from "../json/simulation-json.ts";
import type { JsonRpcLimits } from "../limits.ts";
import { type Methods, method } from "../method.ts";
import { requiredHeader } from "../required-block.ts";

/** eth_simulateV1. */
export function createSimulationMethods({ reader, execution }: ExecutionView, limits: JsonRpcLimits): Methods {
  return {
    eth_simulateV1: method(
      [required(readSimulation), optional(readBlockReference, "latest")],
      async ([input, ref], { signal }) => {
        const simulation = new Simulation(input, requiredHeader(reader, ref), { reader, execution });
        const blocks: unknown[] = [];
        for (const block of simulation.run(limits)) {
          blocks.push(simulatedBlockToJson(block, input.returnFullTransactions));
          await nextTurn();
          signal.throwIfAborted();
        }
        return blocks;
      },
    ),
  };
}
