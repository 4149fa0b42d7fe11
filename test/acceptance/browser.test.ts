import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { chromiumArguments } from "@koinon/testkit/chromium-arguments";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { type Browser, chromium, type Page } from "playwright-core";
import { type AllInOne, startAllInOne } from "./network/all-in-one.ts";
import { koinonOffline } from "./network/koinon-command.ts";

const artifacts = fileURLToPath(new URL("../../artifacts", import.meta.url));

/** The whole promise, with the default models: ask in the browser, see the mark, verify with the network off. */
describeWithProgram("chromium", "the Terminal in a browser", (executablePath) => {
  let folder: Awaited<ReturnType<typeof temporaryFolder>>;
  let network: AllInOne;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    mkdirSync(artifacts, { recursive: true });
    folder = await temporaryFolder("koinon-browser-");
    network = await startAllInOne(folder.path, []);
    browser = await chromium.launch({ executablePath, args: chromiumArguments });
    page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
  }, 300_000);
  afterAll(async () => {
    await browser?.close();
    await network?.stop();
    await folder?.remove();
  });

  test("answers and shows the verified mark", async () => {
    await page.goto(network.terminal);
    await page.getByTestId("chat-input").fill("The capital of France is");
    await page.getByTestId("chat-send").click();
    const mark = page.getByTestId("answer-mark").first();
    await mark.and(page.locator('[data-state="verified"]')).waitFor({ timeout: 60_000 });
    expect(await page.getByTestId("answer").first().textContent()).toMatch(/Paris/);
    await mark.click();
    const steps = page.getByTestId("verification-step");
    await steps.first().waitFor();
    const statuses = await steps.evaluateAll((all) =>
      all.map((each) => [each.getAttribute("data-step"), each.getAttribute("data-status")]),
    );
    expect(statuses.length).toBeGreaterThanOrEqual(12);
    expect(statuses.filter(([, status]) => status === "failed")).toEqual([]);
    expect(statuses).toContainEqual(["response-bytes", "passed"]);
    await page.screenshot({ path: path.join(artifacts, "terminal-verified.png") });
  }, 120_000);

  test("shows the anchor, once the log is anchored to the network's own chain", async () => {
    const anchor = (status: string) =>
      page.locator(`[data-testid="verification-step"][data-step="anchor"][data-status="${status}"]`);
    await waitFor(
      async () => {
        if (await anchor("passed").isVisible()) return true;
        const again = page.getByTestId("fetch-anchor");
        if (await again.isVisible()) await again.click();
        return undefined;
      },
      { deadlineMs: 60_000, intervalMs: 500, what: "the anchor step passes" },
    );
    await anchor("passed").locator("summary").click();
    expect(await anchor("passed").textContent()).toContain(`The node at ${network.shard?.rpc} says`);
    expect(await page.getByTestId("proof-verdict").getAttribute("data-state")).toBe("verified");
    await page.screenshot({ path: path.join(artifacts, "terminal-anchored.png") });
  });

  test("its bundle verifies with the network down", async () => {
    const response = await fetch(`${network.url}/v1/receipts?page_size=1`, {
      headers: { authorization: `Bearer ${network.apiKey}` },
    });
    const { data } = (await response.json()) as { data: { request_id: string }[] };
    const bundle = await fetch(`${network.url}/v1/receipts/${data[0]?.request_id}/bundle`, {
      headers: { authorization: `Bearer ${network.apiKey}` },
    });
    const file = path.join(mkdtempSync(path.join(tmpdir(), "koinon-bundle-")), "bundle.json");
    writeFileSync(file, Buffer.from(await bundle.arrayBuffer()));
    const { code, stdout, stderr } = await koinonOffline(["verify", file, "--trust", network.trustFile]);
    expect({ code, output: code === 0 ? "" : stdout + stderr }).toEqual({ code: 0, output: "" });
  });

  test("every page opens", async () => {
    const content = { receipts: "smollm2", network: "aspen", contributions: "birch", keys: "budget" };
    for (const [name, text] of Object.entries(content)) {
      await page.keyboard.press("Escape");
      await page.getByTestId(`nav-${name}`).click();
      await page.getByRole("main").getByText(text).first().waitFor({ timeout: 30_000 });
      const file = path.join(artifacts, `terminal-${name}.png`);
      await page.screenshot({ path: file });
      expect(existsSync(file)).toBe(true);
    }
    await page.getByTestId("nav-chat").click();
    await page.getByTestId("chat-input").waitFor({ timeout: 30_000 });
  });
});
