import { EthereumError } from "../src/fault.ts";

/** The code of the fault that an action throws; undefined when it does not. */
export function codeOf(action: () => unknown): string | undefined {
  try {
    action();
    return undefined;
  } catch (error) {
    if (error instanceof EthereumError) return error.code;
    throw error;
  }
}
