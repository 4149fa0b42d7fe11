import { describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { api, budget, chat, createKey } from "../network/client.ts";
import type { Network } from "../network/network.ts";

interface ReceiptRow {
  readonly request_id: string;
  readonly state: string;
  readonly fee: string | null;
  readonly reserved: string;
}

/** Money as the holder of a key sees it. */
export function budgets(network: () => Network): void {
  describe("a budget", () => {
    test("is charged the fee of each receipt and nothing else", async () => {
      const { key } = await createKey(network(), 1_000_000n);
      for (const words of [1, 5, 9]) expect((await chat(network(), `say ${words}`, { apiKey: key })).status).toBe(200);
      const settled = await waitFor(async () => {
        const { body } = await api<{ data: ReceiptRow[] }>(network(), "/v1/receipts", { apiKey: key });
        return body.data.length === 3 && body.data.every(({ state }) => state === "settled") && body.data;
      });
      const fees = settled.reduce((sum, { fee }) => sum + BigInt(fee ?? "0"), 0n);
      expect(await budget(network(), key)).toEqual({
        limit: 1_000_000n,
        spent: fees,
        reserved: 0n,
        available: 1_000_000n - fees,
      });
    });

    test("for ten serves exactly ten of a hundred parallel requests", async () => {
      const probe = await createKey(network(), 1_000_000n);
      const { headers } = await chat(network(), "slow 40", { apiKey: probe.key, extra: { max_tokens: 64 } });
      const { body } = await api<ReceiptRow>(network(), `/v1/receipts/${headers["x-request-id"]}`, {
        apiKey: probe.key,
      });
      const { key } = await createKey(network(), BigInt(body.reserved) * 10n);
      // Slow answers hold their reservations until all hundred have asked.
      const answers = await Promise.all(
        Array.from({ length: 100 }, () =>
          chat(network(), "slow 40", {
            apiKey: key,
            headers: { "x-koinon-only": String(headers["x-koinon-provider"]) },
          }),
        ),
      );
      const statuses = answers.map(({ status }) => status);
      expect(statuses.filter((status) => status === 200).length).toBe(10);
      expect(statuses.filter((status) => status === 402).length).toBe(90);
      await waitFor(async () => (await budget(network(), key)).reserved === 0n, { what: "reservations are released" });
    });

    test("is not charged for a refused request", async () => {
      const { key } = await createKey(network(), 1_000_000n);
      expect((await chat(network(), "refuse", { apiKey: key })).status).toBe(400);
      await waitFor(async () => (await budget(network(), key)).reserved === 0n);
      expect((await budget(network(), key)).spent).toBe(0n);
    });

    test("is charged once when a request is repeated with its idempotency key", async () => {
      const { key } = await createKey(network(), 1_000_000n);
      const headers = { "idempotency-key": "order-1" };
      expect((await chat(network(), "say 2", { apiKey: key, headers })).status).toBe(200);
      const { spent } = await waitFor(async () => {
        const now = await budget(network(), key);
        return now.reserved === 0n && now.spent > 0n && now;
      });
      expect((await chat(network(), "say 2", { apiKey: key, headers })).status).toBe(409);
      expect((await budget(network(), key)).spent).toBe(spent);
    });
  });
}
