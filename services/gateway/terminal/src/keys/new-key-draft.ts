import { type AmountProblem, parseCredits } from "../credits/amount.ts";
import type { NewApiKey, Scope } from "../gateway/api-keys.ts";

/** A key as it is being typed. */
export interface NewKeyDraft {
  readonly name: string;
  readonly budget: string;
  readonly requestsPerMinute: string;
  /** A date such as "2026-12-31"; empty for none. */
  readonly expiresOn: string;
  readonly scopes: readonly Scope[];
}

export const emptyDraft: NewKeyDraft = {
  name: "",
  budget: "1",
  requestsPerMinute: "",
  expiresOn: "",
  scopes: ["inference", "receipts"],
};

/** What is wrong with a draft, by field. */
export type DraftProblems = Partial<Record<"name" | "budget" | "requestsPerMinute" | "expiresOn" | "scopes", string>>;

const nameLengthMax = 100;
const requestsPerMinuteMax = 1_000_000;

/** The key that a draft asks for, or what is wrong with it. `now` in milliseconds. */
export function readDraft(
  draft: NewKeyDraft,
  now: number,
): { readonly key: NewApiKey } | { readonly problems: DraftProblems } {
  const problems: DraftProblems = {};
  const name = draft.name.trim();
  if (name === "") problems.name = "A name tells keys apart.";
  if (name.length > nameLengthMax) problems.name = `At most ${nameLengthMax} characters.`;
  const budget = parseCredits(draft.budget);
  if (typeof budget !== "bigint") problems.budget = amountProblemText(budget);
  const perMinute = draft.requestsPerMinute.trim() === "" ? null : Number(draft.requestsPerMinute);
  if (perMinute !== null && !(Number.isInteger(perMinute) && perMinute >= 1 && perMinute <= requestsPerMinuteMax)) {
    problems.requestsPerMinute = "A whole number from 1 on, or nothing.";
  }
  const expiresAt = draft.expiresOn === "" ? null : Date.parse(`${draft.expiresOn}T23:59:59.999`);
  if (expiresAt !== null && !(expiresAt > now)) problems.expiresOn = "A day that has not passed.";
  if (draft.scopes.length === 0) problems.scopes = "A key that may do nothing is of no use.";
  if (Object.keys(problems).length > 0 || typeof budget !== "bigint") return { problems };
  return { key: { name, budget, scopes: draft.scopes, requestsPerMinute: perMinute, expiresAt } };
}

/** What is wrong with an amount, in words. */
export function amountProblemText(problem: AmountProblem): string {
  switch (problem) {
    case "empty":
      return "How many credits?";
    case "not-a-number":
      return "A number of credits, such as 2.5.";
    case "too-precise":
      return "At most six decimals.";
    case "too-large":
      return "That is more than there is.";
  }
}
