import type { Fork } from "@koinon/ethereum/fork";
import type { Precompile } from "../src/precompile.ts";
import { precompiles } from "../src/precompiles.ts";

/** The contract with a number under a fork. */
export function at(contract: number, fork: Fork = "osaka"): Precompile {
  const precompile = precompiles(fork).get(`0x${contract.toString(16).padStart(40, "0")}`);
  if (precompile === undefined) throw new Error(`${fork} has no contract ${contract}`);
  return precompile;
}

/** The output as hex, or "failure". */
export function outcome(precompile: Precompile, input: Uint8Array): string {
  const output = precompile.run(input);
  return output === undefined ? "failure" : Buffer.from(output).toString("hex");
}

/** Bytes as hex, for comparison with an outcome. */
export function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
