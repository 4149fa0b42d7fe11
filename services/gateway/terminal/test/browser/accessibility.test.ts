import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import axe from "axe-core";
import type { Page } from "playwright-core";
import { ask, markIn, type OpenOptions, picture, startTerminal, type TerminalFixture } from "./terminal-fixture.ts";

const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly target: readonly string[]; readonly failureSummary: string }[];
}

/** What axe finds wrong, as readable lines. */
async function violationsOf(page: Page): Promise<string[]> {
  // Evaluated through the debugger, which the content security policy does not stop, unlike a script element.
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async (runOnly) => {
    const runner = Reflect.get(globalThis, "axe") as { run(options: object): Promise<{ violations: Violation[] }> };
    return (await runner.run({ runOnly, resultTypes: ["violations"] })).violations;
  }, tags);
  return violations.flatMap(({ id, nodes }) =>
    nodes.map(({ target, failureSummary }) => `${id}: ${target.join(" ")}: ${failureSummary}`),
  );
}

const screens: readonly (readonly [string, OpenOptions])[] = [
  ["1440", { viewport: { width: 1440, height: 900 } }],
  ["1024", { viewport: { width: 1024, height: 768 } }],
  ["390", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
];

describeWithProgram("chromium", "every page for everybody", (executablePath) => {
  let terminal: TerminalFixture;

  beforeAll(async () => {
    terminal = await startTerminal(executablePath, 30);
  });
  afterAll(() => terminal?.stop());

  describe.each(screens)("%s px wide", (width, screen) => {
    describe.each(["light", "dark"] as const)("%s", (colorScheme) => {
      let page: Page;
      beforeAll(async () => {
        page = await terminal.open({ ...screen, colorScheme, reducedMotion: "reduce" });
        await page.getByTestId("price-before").waitFor();
      });
      afterAll(() => page.context().close());

      const look = async (name: string): Promise<void> => {
        await page.evaluate(() => document.fonts.ready);
        await picture(page, `${name}-${width}-${colorScheme}`);
        expect(await violationsOf(page)).toEqual([]);
        // Nothing may be wider than the screen.
        expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
      };

      test("empty chat", () => look("empty"));

      test("chat with an answer", async () => {
        await ask(page, "How does a Merkle tree prove that an entry is in a log?");
        await markIn(page, "verified");
        await page.locator("[data-kind=keyword]").first().waitFor();
        await look("chat");
      });

      test("proof, and a tampered copy of it", async () => {
        await page.getByTestId("answer-mark").click();
        await page.getByTestId("proof-verdict").and(page.locator('[data-state="verified"]')).waitFor();
        await look("proof");
        await page.getByTestId("tamper").click();
        await page.getByTestId("proof-verdict").and(page.locator('[data-state="failed"]')).waitFor();
        await look("tamper");
        await page.keyboard.press("Escape");
        await page.getByTestId("proof-panel").waitFor({ state: "detached" });
      });

      test("broken and refused answers", async () => {
        await ask(page, "[broken] proof");
        await page.getByTestId("answer-broken").waitFor();
        await ask(page, "[rate] please");
        await page.getByTestId("fault").waitFor();
        await look("broken");
      });

      test("settings", async () => {
        await page.getByTestId("open-settings").click();
        await page.getByText("Fingerprint").waitFor();
        await look("settings");
        await page.keyboard.press("Escape");
        await page.getByText("Fingerprint").waitFor({ state: "detached" });
      });

      test.each([
        ["receipts", "receipt-row"],
        ["network", "provider-row"],
        ["contributions", "checkpoint"],
        ["keys", "admin-needed"],
      ])("%s", async (name, sign) => {
        await page.getByTestId(`nav-${name}`).click();
        await page.getByTestId(sign).first().waitFor();
        if (name === "network") {
          await page.getByTestId("open-manifest").first().click();
          await page.getByTestId("manifest-check").and(page.locator('[data-matches="true"]')).waitFor();
          expect(JSON.parse((await page.getByTestId("manifest").textContent()) ?? "")).toHaveProperty("provenance");
        }
        await look(name);
      });
    });
  });

  test("everything works from the keyboard", async () => {
    const page = await terminal.open({ reducedMotion: "reduce" });
    await page.getByTestId("price-before").waitFor();
    await page.keyboard.type("What is the capital of France?");
    await page.keyboard.press("Shift+Enter");
    await page.keyboard.type("In one word.");
    await page.keyboard.press("Enter");
    await markIn(page, "verified");
    expect(await page.getByTestId("prompt").textContent()).toBe("What is the capital of France?\nIn one word.");
    await page.getByTestId("answer-mark").focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("tamper").waitFor();
    await page.keyboard.press("Escape");
    await page.getByTestId("proof-panel").waitFor({ state: "detached" });
    // The focus is back where it came from.
    expect(await page.evaluate(() => document.activeElement?.getAttribute("data-testid"))).toBe("answer-mark");
    await page.getByTestId("nav-network").focus();
    await page.keyboard.press("Enter");
    await page.getByTestId("provider-row").first().waitFor();
    await page.context().close();
  });

  test("nothing broke the policy, left the origin or went uncaught", () => expect(terminal.problems).toEqual([]));
});
