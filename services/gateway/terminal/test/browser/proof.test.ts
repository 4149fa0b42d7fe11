import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parseTrust } from "@koinon/receipts/trust";
import { verifyBundle } from "@koinon/receipts/verify";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import type { Page } from "playwright-core";
import { createStandInNetwork } from "../stand-in/stand-in-network.ts";
import { ask, markIn, startTerminal, stepsOf, type TerminalFixture } from "./terminal-fixture.ts";

describeWithProgram("chromium", "proofs in a browser", (executablePath) => {
  let terminal: TerminalFixture;
  let page: Page;

  beforeAll(async () => {
    terminal = await startTerminal(executablePath);
    page = await terminal.open();
    await ask(page, "What is the capital of France?");
    await (await markIn(page, "verified")).click();
    await stepsOf(page);
  });
  afterAll(() => terminal?.stop());

  const failed = async (): Promise<string[]> => {
    await page.getByTestId("proof-verdict").and(page.locator('[data-state="failed"]')).waitFor();
    return Object.entries(await stepsOf(page)).flatMap(([name, status]) => (status === "failed" ? [name] : []));
  };

  test("says who served what for how much", async () => {
    const panel = page.getByTestId("proof-panel");
    const text = await panel.textContent();
    const { party } = terminal.standIn.network.market
      .settlements[0] as (typeof terminal.standIn.network.market.settlements)[number];
    expect(text).toContain(party.name);
    expect(text).toMatch(/Fee0\.\d+ credits/);
    expect(text).toMatch(/#\d+ in a tree of \d+/);
  });

  test("a changed letter of the answer is noticed at the bytes, and undone", async () => {
    await page.getByTestId("tamper").click();
    expect(await failed()).toEqual(["response-bytes"]);
    await page.getByTestId("tamper-end").click();
    await page.getByTestId("proof-verdict").and(page.locator('[data-state="verified"]')).waitFor();
    expect(await page.getByTestId("answer-mark").getAttribute("data-state")).toBe("verified");
  });

  test.each([
    ["The question", "request-bytes"],
    ["The receipt", "receipt-signature"],
    ["The price quote", "quote"],
    ["The model's manifest", "manifest"],
    ["The key certificate", "serving-key"],
    ["The proof of inclusion", "inclusion"],
    ["The log's checkpoint", "checkpoint-signature"],
  ])("a change to %s is noticed by %s", async (part, step) => {
    if (await page.getByTestId("tamper").isVisible()) await page.getByTestId("tamper").click();
    await page.getByTestId("tamper-part").click();
    await page.getByRole("option", { name: part, exact: true }).click();
    await page.locator(`[data-testid="verification-step"][data-step="${step}"][data-status="failed"]`).waitFor();
    expect(await failed()).toContain(step);
  });

  test("what is taken away verifies elsewhere, text included", async () => {
    await page.getByTestId("tamper-end").click();
    const take = async (name: string): Promise<Buffer> => {
      const download = page.waitForEvent("download");
      await page.getByTestId("proof-panel").getByRole("button", { name, exact: true }).click();
      return readFile(await (await download).path());
    };
    const [bundle, request, response] = [await take("Bundle"), await take("Request"), await take("Response")];
    const trust = parseTrust(terminal.standIn.network.trustFile());
    expect(verifyBundle(bundle, trust, { request, response })).toMatchObject({ valid: true, textChecked: true });
    expect(request).toEqual(terminal.standIn.received[0]?.body);
  });

  test("any receipt opens, filtered and searched for, and verifies without its text", async () => {
    await page.keyboard.press("Escape");
    await page.getByTestId("nav-receipts").click();
    const rows = page.getByTestId("receipt-row");
    await rows.first().waitFor();
    expect(await rows.count()).toBeGreaterThan(10);
    await page.getByRole("button", { name: "Voided" }).click();
    expect(await rows.count()).toBe(1);
    await page.getByRole("button", { name: "Logged" }).click();
    await page.getByRole("searchbox").fill("calliope");
    for (const text of await rows.allTextContents()) expect(text).toContain("Calliope");
    await rows.first().click();
    await page.getByTestId("proof-verdict").and(page.locator('[data-state="partial"]')).waitFor();
    expect(page.url()).toMatch(/\/receipts\/req_[0-9a-f]{32}$/);
    const steps = await stepsOf(page);
    expect(Object.values(steps).filter((status) => status === "skipped")).toHaveLength(4);
    expect(Object.values(steps)).not.toContain("failed");
    await page.keyboard.press("Escape");
    await page.waitForURL("**/receipts");
  });

  test("a bundle from a file verifies with its bytes, and one from elsewhere fails at its anchors", async () => {
    const { market, trustFile } = terminal.standIn.network;
    const own = await market.bundleOf(market.settlements[0] as (typeof market.settlements)[number]);
    const file = (name: string, content: Uint8Array) => ({
      name,
      mimeType: "application/json",
      buffer: Buffer.from(content),
    });
    await page.getByTestId("bundle-file").setInputFiles([file("bundle.json", own)]);
    await page.getByTestId("proof-verdict").and(page.locator('[data-state="partial"]')).waitFor();
    expect(trustFile().length).toBeGreaterThan(0);

    const elsewhere = createStandInNetwork("elsewhere", 3);
    const foreign = await elsewhere.market.bundleOf(
      elsewhere.market.settlements[1] as (typeof market.settlements)[number],
    );
    await page.getByTestId("bundle-file").setInputFiles([file("bundle.json", foreign)]);
    await page.getByTestId("proof-verdict").and(page.locator('[data-state="failed"]')).waitFor();
    expect(await stepsOf(page)).toMatchObject({ "provider-root": "failed", "log-identity": "failed" });

    await page.getByTestId("bundle-file").setInputFiles([file("note.json", new TextEncoder().encode("[1, 2]"))]);
    await page.locator('[data-step="format"][data-status="failed"]').waitFor();
  });

  test("nothing broke the policy, left the origin or went uncaught", () => expect(terminal.problems).toEqual([]));
});
