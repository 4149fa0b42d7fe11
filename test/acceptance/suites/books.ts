import { expect } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { api, budget } from "../network/client.ts";
import { koinon } from "../network/koinon-command.ts";
import type { Network } from "../network/network.ts";

interface ReceiptRow {
  readonly request_id: string;
  readonly receipt_id: string | null;
  readonly state: string;
  readonly fee: string | null;
  readonly log_index: number | null;
  readonly void_reason: string | null;
  readonly provider_name: string;
}

/**
 * What must hold of a key whose requests went through any turmoil: each answered request (by id) is settled once and logged once, its
 * spendings are the fees of its receipts, nothing stays reserved, and an auditor finds the log whole.
 */
export async function expectWholeBooks(network: Network, key: string, answered: readonly string[]): Promise<void> {
  await waitFor(async () => (await budget(network, key)).reserved === 0n, {
    deadlineMs: 120_000,
    intervalMs: 250,
    what: "every reservation is settled or released",
  });
  const rows = await allReceipts(network, key);
  const byRequest = new Map(rows.map((row) => [row.request_id, row]));
  expect(byRequest.size).toBe(rows.length);
  const unsettled = answered.filter((id) => byRequest.get(id)?.state !== "settled");
  expect(tally(unsettled.map((id) => fateOf(byRequest.get(id))))).toEqual({});
  const fees = rows.reduce((sum, { state, fee }) => sum + (state === "settled" ? BigInt(fee ?? "0") : 0n), 0n);
  const { limit, spent, available } = await budget(network, key);
  expect({ spent, total: spent + available }).toEqual({ spent: fees, total: limit });
  await loggedOnce(network, key);
}

async function allReceipts(network: Network, key: string): Promise<ReceiptRow[]> {
  const rows: ReceiptRow[] = [];
  let token = "";
  do {
    const { body } = await api<{ data: ReceiptRow[]; next_page_token: string }>(
      network,
      `/v1/receipts?page_size=100&page_token=${encodeURIComponent(token)}`,
      { apiKey: key },
    );
    rows.push(...body.data);
    token = body.next_page_token ?? "";
  } while (token !== "");
  return rows;
}

async function loggedOnce(network: Network, key: string): Promise<void> {
  const settled = await waitFor(
    async () => {
      const rows = (await allReceipts(network, key)).filter(({ state }) => state === "settled");
      return rows.every(({ log_index }) => log_index !== null) && rows;
    },
    { deadlineMs: 60_000, intervalMs: 500, what: "every settled receipt is in the log" },
  );
  const places = settled.map(({ log_index }) => log_index);
  expect(new Set(places).size).toBe(places.length);
  const { code, stdout } = await koinon(["audit", "--url", network.url, "--trust", network.trustFile, "--json"]);
  expect({ code, stdout: code === 0 ? "" : stdout }).toEqual({ code: 0, stdout: "" });
}

function fateOf(row: ReceiptRow | undefined): string {
  return row === undefined ? "unknown" : `${row.state} ${row.void_reason ?? ""} ${row.provider_name}`;
}

function tally(words: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
