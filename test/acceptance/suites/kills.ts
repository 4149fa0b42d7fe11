import { describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { api, budget, chat, createKey } from "../network/client.ts";
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

const roundsPerProcess = Number(process.env.KOINON_KILL_ROUNDS ?? "1");
const clients = 4;

/** kill -9 of each process under load, then: answered requests are settled once and logged once, and the money adds up. */
export function kills(network: () => Network): void {
  describe("kill -9 under load", () => {
    test("loses no answered request, pays none twice, keeps the log and the balance whole", async () => {
      const { key } = await createKey(network(), 1_000_000_000n);
      const answered: string[] = [];
      for (const name of network().killable) {
        for (let round = 0; round < roundsPerProcess; round += 1) {
          const load = startLoad(network(), key, answered);
          try {
            const goal = answered.length + 10 + Math.floor(Math.random() * 40);
            await waitFor(() => answered.length >= goal, { deadlineMs: 30_000, what: `load before killing ${name}` });
            await network().kill(name);
            await network().recover();
            const resumed = answered.length + 10;
            await waitFor(() => answered.length >= resumed, {
              deadlineMs: 30_000,
              what: `answers after ${name} came back`,
            });
          } finally {
            await load.stop();
          }
        }
      }
      await waitFor(async () => (await budget(network(), key)).reserved === 0n, {
        deadlineMs: 120_000,
        intervalMs: 250,
        what: "every reservation is settled or released",
      });
      const rows = await allReceipts(network(), key);
      const byRequest = new Map(rows.map((row) => [row.request_id, row]));
      expect(byRequest.size).toBe(rows.length);
      const unsettled = answered.filter((id) => byRequest.get(id)?.state !== "settled");
      expect(tally(unsettled.map((id) => fateOf(byRequest.get(id))))).toEqual({});
      const fees = rows.reduce((sum, { state, fee }) => sum + (state === "settled" ? BigInt(fee ?? "0") : 0n), 0n);
      const { limit, spent, available } = await budget(network(), key);
      expect({ spent, total: spent + available }).toEqual({ spent: fees, total: limit });
      await loggedOnce(network(), key);
    }, 600_000);
  });
}

/** Clients that ask until they are stopped; failures are expected while a process is down, and only answers count. */
function startLoad(network: Network, key: string, answered: string[]): { stop(): Promise<void> } {
  let running = true;
  const client = async () => {
    while (running) {
      try {
        const { status, headers } = await chat(network, "say 3", { apiKey: key });
        if (status === 200) answered.push(headers["x-request-id"] as string);
        else await pause();
      } catch {
        await pause();
      }
    }
  };
  const done = Promise.all(Array.from({ length: clients }, client));
  return {
    async stop() {
      running = false;
      await done;
    },
  };
}

/** A client that was refused asks again a little later, as clients do. */
function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
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
