import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { api, chat, type Exchange, fetchBundle } from "../network/client.ts";
import { koinon } from "../network/koinon-command.ts";
import type { Network } from "../network/network.ts";

interface Step {
  readonly name: string;
  readonly status: string;
}

/** From a paid answer to an offline verdict. */
export function proofs(network: () => Network): void {
  describe("a paid answer", () => {
    let folder: string;
    let exchange: Exchange;
    let requestId: string;
    let bundle: Buffer;
    const file = (name: string, content: Uint8Array | string) => {
      const location = path.join(folder, name);
      writeFileSync(location, content);
      return location;
    };
    const verify = async (bundleFile: string, extra: readonly string[] = []) => {
      const result = await koinon(["verify", bundleFile, "--trust", network().trustFile, "--json", ...extra]);
      const report = JSON.parse(result.stdout || "{}") as { valid?: boolean; steps?: Step[] };
      return {
        code: result.code,
        failed: report.steps?.filter(({ status }) => status === "failed").map(({ name }) => name),
      };
    };

    beforeAll(async () => {
      folder = mkdtempSync(path.join(tmpdir(), "koinon-proofs-"));
      await chat(network(), "say 3");
      exchange = await chat(network(), "say 7");
      requestId = exchange.headers["x-request-id"] as string;
      bundle = await fetchBundle(network(), requestId);
    });
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    test("names its request, provider and model in headers", () => {
      expect(requestId).toMatch(/^req_[0-9a-f]{32}$/);
      expect(exchange.headers["x-koinon-provider"]).toMatch(/^0x[0-9a-f]{40}$/);
      expect(exchange.headers["x-koinon-model"]).toMatch(/^0x[0-9a-f]{64}$/);
    });

    test("verifies offline with the very bytes", async () => {
      const extra = [
        "--request",
        file("request", exchange.requestBytes),
        "--response",
        file("response", exchange.responseBytes),
      ];
      expect(await verify(file("bundle.json", bundle), extra)).toEqual({ code: 0, failed: [] });
    });

    test("fails at the step that was tampered with", async () => {
      const altered = Buffer.from(exchange.responseBytes.toString("utf8").replace("word7", "word8"));
      const response = ["--response", file("altered", altered)];
      expect(await verify(file("bundle.json", bundle), response)).toEqual({ code: 1, failed: ["response-bytes"] });
      const forged = JSON.parse(bundle.toString("utf8")) as { receipt: { fee: string } };
      forged.receipt.fee = String(BigInt(forged.receipt.fee) + 1n);
      const { code, failed } = await verify(file("forged.json", JSON.stringify(forged)));
      expect(code).toBe(1);
      expect(failed?.length).toBeGreaterThan(0);
    });

    test("is invalid for whoever does not trust the log", async () => {
      const trust = JSON.parse(readFileSync(network().trustFile, "utf8")) as { logs: unknown[] };
      const stranger = file("stranger.json", JSON.stringify({ ...trust, logs: [] }));
      const result = await koinon(["verify", file("bundle.json", bundle), "--trust", stranger, "--json"]);
      expect(result.code).toBe(1);
    });

    test("an unreadable bundle is told from an invalid one", async () => {
      expect((await koinon(["verify", file("noise", "not json"), "--trust", network().trustFile])).code).toBe(2);
    });

    test("its receipt is found by request id and by receipt id", async () => {
      const byRequest = await api<{ receipt_id: string; fee: string; log_index: number }>(
        network(),
        `/v1/receipts/${requestId}`,
      );
      expect(byRequest.status).toBe(200);
      const byReceipt = await api<{ request_id: string }>(network(), `/v1/receipts/${byRequest.body.receipt_id}`);
      expect(byReceipt.body.request_id).toBe(requestId);
    });

    test("its story is told in words", async () => {
      const { code, stdout } = await koinon(["trace", requestId], {
        KOINON_URL: network().url,
        KOINON_API_KEY: network().apiKey,
      });
      expect({ code, named: stdout.includes(requestId) }).toEqual({ code: 0, named: true });
    });

    test("an auditor recomputes the log and the contributions", async () => {
      const { code, stdout } = await koinon([
        "audit",
        "--url",
        network().url,
        "--trust",
        network().trustFile,
        "--json",
      ]);
      expect(code).toBe(0);
      const audit = JSON.parse(stdout) as { contributions: { receipts: number | string }[] };
      expect(audit.contributions.reduce((sum, each) => sum + Number(each.receipts), 0)).toBeGreaterThanOrEqual(2);
    });
  });
}
