import type { AnswerReader } from "./answer-reader.ts";

/** A budget in micro-credits: available = limit − spent − reserved. */
export interface Budget {
  readonly limit: bigint;
  readonly spent: bigint;
  readonly reserved: bigint;
  readonly available: bigint;
}

/** What went back of a revoked key's budget, in micro-credits, and the budget after. */
export interface BudgetWithdrawal {
  readonly withdrawn: bigint;
  readonly budget: Budget;
}

/** Reads the answer of `POST /v1/keys/{id}/withdraw`. */
export function readBudgetWithdrawal(answer: AnswerReader): BudgetWithdrawal {
  return { withdrawn: answer.member("withdrawn").amount(), budget: readBudget(answer.member("budget")) };
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
