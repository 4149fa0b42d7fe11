import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { chromiumArguments } from "@koinon/testkit/chromium-arguments";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { type Browser, chromium, type Page } from "playwright-core";
import type { AllInOne } from "../network/all-in-one.ts";
import { upstreamModel } from "../network/upstream.ts";

/** What a page gets of a stream: browsers drop what was not read yet when they see a connection cut. */
export function browserStreams(network: () => AllInOne): void {
  describeWithProgram("chromium", "a stream in a browser", (executablePath) => {
    let browser: Browser;
    let page: Page;

    beforeAll(async () => {
      browser = await chromium.launch({ executablePath, args: chromiumArguments });
      page = await browser.newPage();
      await page.goto(network().terminal);
    });
    afterAll(async () => await browser?.close());

    test("that breaks off tells the page why, and fails", async () => {
      for (let attempt = 0; attempt < 5; attempt += 1) {
        const seen = await page.evaluate(readStream, {
          url: `${network().url}/v1/chat/completions`,
          key: network().apiKey,
          model: upstreamModel,
        });
        expect({ attempt, ...seen, text: seen.text.slice(-400) }).toEqual({
          attempt,
          text: expect.stringContaining('data: {"error":'),
          failed: true,
        });
        expect(seen.text).not.toContain("[DONE]");
      }
    });
  });
}

/** Runs in the page. */
async function readStream({ url, key, model }: { url: string; key: string; model: string }) {
  const response = await fetch(url, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ model, stream: true, messages: [{ role: "user", content: "break 5" }] }),
  });
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  const decoder = new TextDecoder();
  let text = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text, failed: false };
      text += decoder.decode(value, { stream: true });
    }
  } catch {
    return { text, failed: true };
  }
}
