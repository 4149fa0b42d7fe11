import type { AnswerReader } from "./answer-reader.ts";

/** A budget in micro-credits: available = limit − spent − reserved. */
export interface Budget {
  readonly limit: bigint;
  readonly spent: bigint;
  readonly reserved: bigint;
  readonly available: bigint;
}

/** Reads a budget. */
export function readBudget(answer: AnswerReader): Budget {
  const amount = (name: string): bigint => answer.member(name).amount();
  return {
    limit: amount("limit"),
    spent: amount("spent"),
    reserved: amount("reserved"),
    available: amount("available"),
  };
}
