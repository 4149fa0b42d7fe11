import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { parseTrust, trustToJson } from "@koinon/receipts/trust";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { ask, markIn, startTerminal, type TerminalFixture } from "./terminal-fixture.ts";

describeWithProgram("chromium", "trust in a browser", (executablePath) => {
  let terminal: TerminalFixture;

  beforeAll(async () => {
    terminal = await startTerminal(executablePath);
  });
  afterAll(() => terminal?.stop());

  /** The trust file without one of its providers. */
  const without = (name: string): Uint8Array => {
    const trust = parseTrust(terminal.standIn.network.trustFile());
    const providers = trust.providers.filter((provider) => provider.name !== name);
    return new TextEncoder().encode(JSON.stringify(trustToJson({ ...trust, providers })));
  };

  test("a change is shown loudly and changes nothing until it is accepted", async () => {
    const page = await terminal.open();
    await ask(page, "What is the capital of France?");
    await markIn(page, "verified");
    const server = terminal.standIn.network.market.settlements[0]?.party.name as string;
    terminal.standIn.trustFile = () => without(server);
    await page.reload();
    await page.getByTestId("trust-changed").waitFor();
    await markIn(page, "verified");

    await page.getByRole("button", { name: "Review" }).click();
    await page.getByText("provider removed").waitFor();
    await page.getByRole("button", { name: "Keep the pinned one" }).click();
    await markIn(page, "verified");

    await page.getByRole("button", { name: "Review" }).click();
    await page.getByTestId("trust-accept").click();
    await page.getByTestId("trust-changed").waitFor({ state: "detached" });
    // Whoever is no longer trusted no longer verifies, without asking the gateway again.
    await markIn(page, "failed");

    const [chooser] = await Promise.all([
      page.waitForEvent("filechooser"),
      page
        .getByTestId("open-settings")
        .click()
        .then(() => page.getByRole("button", { name: "Import a trust file…" }).click()),
    ]);
    await chooser.setFiles([
      { name: "trust.json", mimeType: "application/json", buffer: Buffer.from(terminal.standIn.network.trustFile()) },
    ]);
    await page.getByText("Imported by you").waitFor();
    await page.keyboard.press("Escape");
    await markIn(page, "verified");
    await page.getByTestId("trust-changed").waitFor();
    await page.context().close();
  });

  test("nothing broke the policy, left the origin or went uncaught", () => expect(terminal.problems).toEqual([]));
});
