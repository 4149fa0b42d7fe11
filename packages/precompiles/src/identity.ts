import { type Precompile, wordCount } from "./precompile.ts";

/** 0x04 (yellow paper, appendix E.1): the input itself. A copy, since memory it may come from changes later. */
export const identity: Precompile = {
  name: "ID",
  gas: (input) => 15 + 3 * wordCount(input.length),
  run: (input) => Uint8Array.from(input),
};
