import { digestOf } from "../commitment.ts";
import type { Check } from "./evidence.ts";
import { failed, passed, type StepOutcome, skipped } from "./verification.ts";

/** The request bytes that the caller holds are the ones that the receipt commits to. */
export const checkRequestBytes: Check = ({ bundle, request }) =>
  compare("request", request, bundle.openings.input.digest);

/** The response bytes that the caller holds are the ones that the receipt commits to. */
export const checkResponseBytes: Check = ({ bundle, response }) =>
  compare("response", response, bundle.openings.output.digest);

function compare(name: string, bytes: Uint8Array | undefined, committed: string): StepOutcome {
  if (bytes === undefined) return skipped(`No ${name} bytes were given, so the text of the ${name} was not checked.`);
  const digest = digestOf(bytes);
  if (digest !== committed) return failed(`The ${name} has the digest ${digest}, the receipt commits to ${committed}.`);
  return passed(`The ${bytes.length} bytes of the ${name} are the ones that the receipt commits to.`);
}
