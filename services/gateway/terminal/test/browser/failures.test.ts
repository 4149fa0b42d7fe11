import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import type { Page } from "playwright-core";
import { ask, lastTurn, markIn, startTerminal, type TerminalFixture } from "./terminal-fixture.ts";

describeWithProgram("chromium", "failures in a browser", (executablePath) => {
  let terminal: TerminalFixture;
  let page: Page;

  beforeAll(async () => {
    terminal = await startTerminal(executablePath);
    page = await terminal.open();
  });
  afterAll(() => terminal?.stop());

  const faultAfter = async (prompt: string): Promise<{ code: string | null; text: string | null }> => {
    const known = await page.getByTestId("fault").count();
    await ask(page, prompt);
    const fault = page.getByTestId("fault").nth(known);
    await fault.waitFor();
    return { code: await fault.getAttribute("data-code"), text: await fault.textContent() };
  };

  test.each([
    ["[budget] please", "BUDGET_EXHAUSTED", /The budget does not cover this/],
    ["[rate] please", "RATE_LIMITED", /Try again in 7 seconds.*Ask again in [1-7] s/],
    ["[overloaded] please", "OVERLOADED", /The network is busy/],
    ["[down] please", "PROVIDER_FAILED", /No provider could answer/],
  ])("%s is told as %s, in words", async (prompt, code, words) => {
    expect(await faultAfter(prompt)).toEqual({ code, text: expect.stringMatching(words) });
  });

  test("a key that is refused is told so at once, where another can be entered", async () => {
    const stranger = await terminal.open({ key: `sk-koinon-${"0".repeat(16)}-stranger` });
    await stranger.getByText("The key in use was refused: The API key is missing or not valid.").waitFor();
    await stranger.getByText("Models unknown").waitFor();
    await stranger.getByTestId("key-input").fill(terminal.standIn.userKey.key);
    await stranger.getByTestId("key-use").click();
    await stranger.getByTestId("price-before").waitFor();
    await stranger.getByText("The key in use was refused").waitFor({ state: "detached" });
    await stranger.context().close();
  });

  test("a connection that is gone is told so", async () => {
    await page.context().setOffline(true);
    expect(await faultAfter("anybody there?")).toEqual({
      code: "UNREACHABLE",
      text: expect.stringMatching(/can not be reached/),
    });
    await page.context().setOffline(false);
  });

  test.each(["[broken] proof", "[cut] proof"])(
    "%s is shown as broken, with no receipt, never as an answer",
    async (prompt) => {
      await ask(page, prompt);
      await lastTurn(page).getByTestId("answer-broken").waitFor();
      expect(await lastTurn(page).getByTestId("answer").getAttribute("data-state")).toBe("broken");
      await markIn(page, "unproven");
    },
  );

  test("an answer that was changed on its way fails, at exactly the bytes", async () => {
    await ask(page, "[lies] capital");
    const mark = await markIn(page, "failed");
    expect(await page.getByTestId("answer").last().textContent()).toContain("Parma");
    await mark.click();
    const failed = page.locator('[data-testid="verification-step"][data-status="failed"]');
    await failed.first().waitFor();
    expect(await failed.evaluateAll((all) => all.map((each) => each.getAttribute("data-step")))).toEqual([
      "response-bytes",
    ]);
    await page.keyboard.press("Escape");
  });

  test("a receipt that is late is pending, then verified", async () => {
    await ask(page, "[late] capital");
    await markIn(page, "pending");
    await markIn(page, "verified");
  });

  test("a key can be replaced in the settings", async () => {
    const refused = await terminal.open({ key: `sk-koinon-${"0".repeat(16)}-${"x".repeat(43)}` });
    await refused.getByTestId("open-settings").click();
    const settings = refused.getByRole("dialog");
    await settings.getByTestId("key-input").fill("not a key");
    await settings.getByTestId("key-use").click();
    await settings.getByText("A key starts with sk-koinon-").waitFor();
    await settings.getByTestId("key-input").fill(terminal.standIn.userKey.key);
    await settings.getByTestId("key-use").click();
    await refused.keyboard.press("Escape");
    await ask(refused, "What is the capital of France?");
    await markIn(refused, "verified");
    await refused.context().close();
  });

  test("without a key the page says what to do", async () => {
    const bare = await terminal.open({ key: null });
    await bare.getByText("enter an API key").waitFor();
    await bare.getByTestId("key-input").fill(terminal.standIn.userKey.key);
    await bare.getByTestId("key-use").click();
    await bare.getByTestId("price-before").waitFor();
    await bare.context().close();
  });

  test("nothing broke the policy, left the origin or went uncaught", () => expect(terminal.problems).toEqual([]));
});
