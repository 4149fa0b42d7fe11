import type { ApiKey } from "@koinon/sdk/answers";
import { amountInWords, tableInWords, timeInWords } from "../words.ts";

/** API keys as a table. */
export function keyTable(keys: readonly ApiKey[]): string[] {
  if (keys.length === 0) return ["there are no keys"];
  const rows = keys.map((key) => [
    key.id,
    key.name,
    key.scopes.join(","),
    timeInWords(key.created_at),
    stateOf(key),
    key.budget === null ? "?" : amountInWords(key.budget.available),
    key.budget === null ? "?" : amountInWords(key.budget.limit),
  ]);
  return tableInWords(["id", "name", "scopes", "created", "state", "available", "budget"], rows, [5, 6]);
}

function stateOf({ revoked_at, expires_at }: ApiKey): string {
  if (revoked_at !== null) return "revoked";
  return expires_at === null ? "active" : `until ${timeInWords(expires_at)}`;
}
