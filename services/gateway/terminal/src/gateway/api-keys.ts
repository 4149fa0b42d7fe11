import type { AnswerReader } from "./answer-reader.ts";
import { type Budget, readBudget } from "./budget.ts";
import { type Page, readNextPageToken } from "./settlements.ts";

/** What a key may be used for. */
export const scopes = ["inference", "receipts", "admin"] as const;
export type Scope = (typeof scopes)[number];

/** An API key as it is listed: never its text. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  /** How the key starts. */
  readonly prefix: string;
  readonly scopes: readonly string[];
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
  readonly requestsPerMinute: number | null;
  /** Null while the market does not answer. */
  readonly budget: Budget | null;
}

/** A new key with its text, which is told this once. */
export interface CreatedApiKey extends ApiKey {
  readonly key: string;
}

/** What a new key is made from. */
export interface NewApiKey {
  readonly name: string;
  readonly budget: bigint;
  readonly scopes: readonly Scope[];
  readonly requestsPerMinute: number | null;
  readonly expiresAt: number | null;
}

/** Reads one page of `GET /v1/keys`. */
export function readApiKeyPage(answer: AnswerReader): Page<ApiKey> {
  return { items: answer.member("data").list(readApiKey), nextPageToken: readNextPageToken(answer) };
}

/** Reads the answer of `POST /v1/keys`. */
export function readCreatedApiKey(answer: AnswerReader): CreatedApiKey {
  return { ...readApiKey(answer), key: answer.member("key").text() };
}

/** Reads one key. */
export function readApiKey(answer: AnswerReader): ApiKey {
  const maybeCount = (name: string): number | null => answer.member(name).nullable((member) => member.count());
  return {
    id: answer.member("id").text(),
    name: answer.member("name").text(),
    prefix: answer.member("prefix").text(),
    scopes: answer.member("scopes").list((scope) => scope.text()),
    createdAt: answer.member("created_at").count(),
    expiresAt: maybeCount("expires_at"),
    revokedAt: maybeCount("revoked_at"),
    requestsPerMinute: maybeCount("requests_per_minute"),
    budget: answer.member("budget").nullable(readBudget),
  };
}
