import { describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { request } from "undici";
import { budget, chat, createKey } from "../network/client.ts";
import type { Network } from "../network/network.ts";
import { type Upstream, upstreamModel } from "../network/upstream.ts";

/** Streams that do not end as they should. */
export function brokenStreams(network: () => Network, upstream: () => Upstream): void {
  describe("a stream", () => {
    test("that the engine breaks off ends with an explicit error and is not charged", async () => {
      const { key } = await createKey(network(), 1_000_000n);
      const outcome = await chat(network(), "break 5", { apiKey: key, extra: { stream: true } }).then(
        ({ responseBytes }) => responseBytes.toString("utf8"),
        () => "connection broken",
      );
      expect(outcome).not.toContain("[DONE]");
      await waitFor(async () => (await budget(network(), key)).reserved === 0n, {
        what: "the reservation is released",
      });
      expect((await budget(network(), key)).spent).toBe(0n);
    });

    test("whose reader leaves is cancelled at the engine and charged for what was taken", async () => {
      const { key } = await createKey(network(), 1_000_000n);
      const before = await upstream().cancelled();
      const leave = new AbortController();
      const { body } = await request(`${network().url}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
        body: JSON.stringify({
          model: upstreamModel,
          stream: true,
          max_tokens: 500,
          messages: [{ role: "user", content: "slow 500" }],
        }),
        signal: leave.signal,
      });
      let seen = "";
      await expect(
        (async () => {
          for await (const part of body) {
            seen += String(part);
            if (seen.includes("word3")) leave.abort();
          }
        })(),
      ).rejects.toThrow();
      await waitFor(async () => (await upstream().cancelled()) > before, { what: "the engine was told" });
      const settled = await waitFor(async () => {
        const now = await budget(network(), key);
        return now.reserved === 0n && now;
      });
      expect(settled.spent).toBeGreaterThan(0n);
    });
  });
}
