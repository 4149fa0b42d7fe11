import type { AnswerReader } from "./answer-reader.ts";

/** Where the money of a request is. */
export const settlementStates = ["reserved", "settled", "voided"] as const;
export type SettlementState = (typeof settlementStates)[number];

/** How the answer ended, as its receipt says. */
export type SettlementOutcome = "complete" | "cancelled" | "broken";

/** One dispatch to one provider. */
export interface Attempt {
  readonly providerName: string;
  readonly outcome: string;
  readonly durationMs: number;
}

/** What the market knows of one request. */
export interface Settlement {
  readonly requestId: string;
  readonly receiptId: string | null;
  readonly state: SettlementState;
  readonly voidReason: string | null;
  readonly model: string;
  readonly manifest: string | null;
  readonly endpoint: string;
  readonly provider: string | null;
  readonly providerName: string;
  readonly reserved: bigint;
  readonly fee: bigint | null;
  readonly inputUnits: number | null;
  readonly outputUnits: number | null;
  readonly outcome: SettlementOutcome | null;
  readonly relayed: boolean;
  readonly reservedAt: number;
  readonly startedAt: number | null;
  readonly finishedAt: number | null;
  readonly logIndex: number | null;
  readonly attempts: readonly Attempt[];
}

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[];
  /** Empty on the last page. */
  readonly nextPageToken: string;
}

/** Reads one page of `GET /v1/receipts`. */
export function readSettlementPage(answer: AnswerReader): Page<Settlement> {
  return { items: answer.member("data").list(readSettlement), nextPageToken: readNextPageToken(answer) };
}

/** Reads the token of the next page; absent means the last. */
export function readNextPageToken(answer: AnswerReader): string {
  return answer.member("next_page_token").nullable((token) => token.text()) ?? "";
}

/** Reads `GET /v1/receipts/{id}`. */
export function readSettlement(answer: AnswerReader): Settlement {
  const text = (name: string): string => answer.member(name).text();
  const maybeText = (name: string): string | null => answer.member(name).nullable((member) => member.text());
  const maybeCount = (name: string): number | null => answer.member(name).nullable((member) => member.count());
  return {
    requestId: text("request_id"),
    receiptId: maybeText("receipt_id"),
    state: answer.member("state").oneOf(settlementStates),
    voidReason: maybeText("void_reason"),
    model: text("model"),
    manifest: maybeText("manifest"),
    endpoint: text("endpoint"),
    provider: maybeText("provider"),
    providerName: maybeText("provider_name") ?? "",
    reserved: answer.member("reserved").amount(),
    fee: answer.member("fee").nullable((fee) => fee.amount()),
    inputUnits: maybeCount("input_units"),
    outputUnits: maybeCount("output_units"),
    outcome: answer.member("outcome").nullable((outcome) => outcome.oneOf(["complete", "cancelled", "broken"])),
    relayed: answer.member("relayed").flag(),
    reservedAt: answer.member("reserved_at").count(),
    startedAt: maybeCount("started_at"),
    finishedAt: maybeCount("finished_at"),
    logIndex: maybeCount("log_index"),
    attempts: answer.member("attempts").list((attempt) => ({
      providerName: attempt.member("provider_name").text(),
      outcome: attempt.member("outcome").text(),
      durationMs: attempt.member("duration_ms").count(),
    })),
  };
}
