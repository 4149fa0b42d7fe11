import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import type { Page } from "playwright-core";
import { startTerminal, type TerminalFixture } from "./terminal-fixture.ts";

describeWithProgram("chromium", "keys in a browser", (executablePath) => {
  let terminal: TerminalFixture;
  let page: Page;

  beforeAll(async () => {
    terminal = await startTerminal(executablePath);
    page = await terminal.open({ path: "/keys" });
  });
  afterAll(() => terminal?.stop());

  test("without an administrator's key the page explains itself", async () => {
    await page.getByText("'terminal' may ask models and read its own receipts, but not see or change keys.").waitFor();
    expect(await page.getByTestId("create-key").count()).toBe(0);
    const asked = await page.evaluate(() => performance.getEntriesByType("resource").map(({ name }) => name));
    expect(asked).toContain(`${terminal.standIn.url}/v1/key`);
    expect(asked.filter((name) => name.includes("/v1/keys"))).toEqual([]);
    await page.getByText("3.71255").waitFor();
  });

  test("an administrator's key is used for this page, and kept nowhere", async () => {
    const { key } = terminal.standIn.adminKey;
    await page.getByTestId("admin-key").fill(key);
    await page.getByTestId("admin-key-use").click();
    await page.getByTestId("key-row").first().waitFor();
    expect(await page.evaluate(() => JSON.stringify(localStorage))).not.toContain(key);
    expect(await page.getByTestId("key-row").count()).toBe(4);
  });

  test("what can be done with a key is in view on a small desk", async () => {
    await page.setViewportSize({ width: 1280, height: 800 });
    const beyond = await page.getByRole("table").evaluate((table) => {
      const frame = table.parentElement as HTMLElement;
      return frame.scrollWidth - frame.clientWidth;
    });
    expect(beyond).toBe(0);
    await page.setViewportSize({ width: 1440, height: 900 });
  });

  test("a key is made, shown once, funded and revoked", async () => {
    await page.getByTestId("create-key").click();
    await page.getByTestId("key-create-submit").click();
    await page.getByText("A name tells keys apart.").waitFor();
    await page.getByTestId("key-name").fill("workstation");
    await page.getByTestId("key-budget").fill("0.25");
    await page.getByTestId("key-create-submit").click();
    const shown = await page.getByTestId("created-key").textContent();
    const made = terminal.standIn.keys.list()[0];
    expect(shown).toBe(made?.key);
    expect(made).toMatchObject({ name: "workstation", limit: 250_000n, scopes: ["inference", "receipts"] });
    await page.getByRole("button", { name: "I have it" }).click();

    const row = page.getByTestId("key-row").filter({ hasText: "workstation" });
    await row.getByRole("button", { name: "Deposit to workstation" }).click();
    await page.getByRole("textbox", { name: "Credits" }).fill("1.5");
    await page.getByRole("button", { name: "Deposit 1.5 credits" }).click();
    await row.getByText("1.75").first().waitFor();

    await row.getByRole("button", { name: "Revoke workstation" }).click();
    await page.getByTestId("revoke-confirm").click();
    await page.locator('[data-testid="key-row"][data-revoked]').filter({ hasText: "workstation" }).waitFor();
    expect(made?.revokedAt).not.toBeNull();
  });

  test("what a revoked key has left is taken back, and only that", async () => {
    const made = terminal.standIn.keys.list().find(({ name }) => name === "workstation");
    if (made !== undefined) Object.assign(made, { spent: 500_000n, reserved: 150_000n });
    await page.reload();
    await page.getByTestId("admin-key").fill(terminal.standIn.adminKey.key);
    await page.getByTestId("admin-key-use").click();
    const row = page.getByTestId("key-row").filter({ hasText: "workstation" });
    await row.getByRole("button", { name: "Withdraw from workstation" }).click();
    await page.getByText("0.15 credits are reserved").waitFor();
    await page.getByRole("button", { name: "Withdraw 1.1 credits" }).click();
    await row.getByRole("button", { name: "Withdraw from workstation" }).waitFor({ state: "detached" });
    expect(made).toMatchObject({ limit: 650_000n, spent: 500_000n, reserved: 150_000n });
    const inUse = page.getByTestId("key-row").filter({ hasText: "ci pipeline" });
    expect(await inUse.getByRole("button", { name: /Withdraw/ }).count()).toBe(0);
  });

  test("nothing broke the policy, left the origin or went uncaught", () => expect(terminal.problems).toEqual([]));
});
