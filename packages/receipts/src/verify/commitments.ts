import { commitmentOf } from "../commitment.ts";
import type { Check } from "./evidence.ts";
import { failed, passed } from "./verification.ts";

/** The openings lead to the two commitments of the receipt. */
export const checkCommitments: Check = ({ bundle }) => {
  const { openings, receipt } = bundle;
  if (commitmentOf(openings.input) !== receipt.document.inputHash) {
    return failed("The input's opening does not lead to the receipt's commitment.");
  }
  if (commitmentOf(openings.output) !== receipt.document.outputHash) {
    return failed("The output's opening does not lead to the receipt's commitment.");
  }
  return passed("The receipt commits to the digests of request and response given here.");
};
