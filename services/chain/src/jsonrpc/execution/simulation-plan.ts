import type { ChainHeader } from "../../chain-view.ts";
import type { SimulatedBlockInput, SimulationInput } from "../codec/simulation.ts";
import { invalidParams, JsonRpcError } from "../json-rpc-error.ts";

/** A block to simulate, with the number and time that it will have. */
export interface PlannedBlock extends SimulatedBlockInput {
  readonly number: bigint;
  /** Seconds since the epoch. */
  readonly timestamp: bigint;
}

/** Seconds from one simulated block to the next unless the caller says otherwise (execution-apis). */
const secondsPerBlock = 12n;

/** Bounds of a simulation. */
export interface SimulationLimits {
  readonly simulatedBlocksMax: number;
  readonly simulatedCallsMax: number;
}

/** Gives every block its number and time and fills gaps with empty blocks; throws the errors that execution-apis names. */
export function planSimulation(
  { blocks }: SimulationInput,
  base: ChainHeader,
  { simulatedBlocksMax, simulatedCallsMax }: SimulationLimits,
): PlannedBlock[] {
  if (blocks.length === 0) throw invalidParams("empty input");
  const calls = blocks.reduce((sum, block) => sum + block.calls.length, 0);
  if (calls > simulatedCallsMax) throw limitExceeded("too many calls");
  const planned: PlannedBlock[] = [];
  let { number, timestamp } = base.header;
  for (const block of blocks) {
    const wanted = block.overrides.number ?? number + 1n;
    if (wanted <= number) {
      const message = `block numbers must be in order: ${wanted} <= ${number}`;
      throw new JsonRpcError({ code: "SIMULATED_BLOCK_NUMBER", message });
    }
    if (wanted - base.header.number > BigInt(simulatedBlocksMax)) throw limitExceeded("too many blocks");
    while (number + 1n < wanted) {
      number++;
      timestamp += secondsPerBlock;
      planned.push({ ...emptyBlock, number, timestamp });
    }
    const time = block.overrides.timestamp ?? timestamp + secondsPerBlock;
    if (time <= timestamp) {
      const message = `block timestamps must be in order: ${time} <= ${timestamp}`;
      throw new JsonRpcError({ code: "SIMULATED_TIMESTAMP", message });
    }
    number = wanted;
    timestamp = time;
    planned.push({ ...block, number, timestamp });
  }
  return planned;
}

const emptyBlock: SimulatedBlockInput = {
  overrides: {},
  beaconRoot: undefined,
  withdrawals: [],
  state: undefined,
  calls: [],
};

function limitExceeded(message: string): JsonRpcError {
  return new JsonRpcError({ code: "SIMULATED_LIMIT", message });
}
