import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { describeWithProgram } from "@koinon/testkit/program-suite";
import { ask, markIn, startTerminal, stepsOf, type TerminalFixture } from "./terminal-fixture.ts";

describeWithProgram("chromium", "chat in a browser", (executablePath) => {
  let terminal: TerminalFixture;

  beforeAll(async () => {
    terminal = await startTerminal(executablePath);
  });
  afterAll(() => terminal?.stop());

  test("takes the key out of the address, asks, and verifies what it shows", async () => {
    const page = await terminal.open();
    await page.getByTestId("chat-input").waitFor();
    expect(page.url()).toBe(`${terminal.standIn.url}/`);
    await ask(page, "What is the capital of France?");
    const mark = await markIn(page, "verified");
    expect(await page.getByTestId("answer").textContent()).toMatch(/^The capital of France is Paris\./);
    expect(page.url()).toMatch(/\/chat\/[0-9a-f]{32}$/);
    await mark.click();
    const { anchor, ...steps } = await stepsOf(page);
    expect(Object.keys(steps)).toHaveLength(17);
    expect(new Set(Object.values(steps))).toEqual(new Set(["passed"]));
    // No chain holds the checkpoint, and nobody asked for that.
    expect(anchor).toBe("skipped");
    expect(await page.getByTestId("answer-cost").getAttribute("data-source")).toBe("receipt");
    await page.context().close();
  });

  test("sends the routing that was chosen, and asks for a stream with its usage", async () => {
    const page = await terminal.open();
    await page.getByTestId("price-before").waitFor();
    await page.getByTestId("routing").click();
    await page.getByRole("button", { name: "Fastest first" }).click();
    await page.getByRole("button", { name: "Not…" }).click();
    await page.getByRole("checkbox", { name: /Borealis/ }).click();
    await page.keyboard.press("Escape");
    await ask(page, "What is the capital of France?");
    await markIn(page, "verified");
    const { headers, body } = terminal.standIn.received.at(-1) as (typeof terminal.standIn.received)[number];
    const borealis = terminal.standIn.network.parties.find(({ name }) => name === "Borealis")?.root.address;
    expect(headers).toMatchObject({ "x-koinon-prefer": "latency", "x-koinon-exclude": borealis });
    expect(JSON.parse(body.toString())).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    await page.context().close();
  });

  test.each([
    ["a phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
    ["a small phone", { viewport: { width: 320, height: 640 }, hasTouch: true, isMobile: true }],
    ["a desk with the proof beside it", { viewport: { width: 1280, height: 800 } }],
  ])("on %s the choices stand in one line, and the whole price is in view", async (_, screen) => {
    const page = await terminal.open(screen);
    await ask(page, "What is the capital of France?");
    await (await markIn(page, "verified")).click();
    await page.getByTestId("proof-verdict").waitFor();
    if (screen.viewport.width < 1000) {
      await page.keyboard.press("Escape");
      await page.getByTestId("proof-panel").waitFor({ state: "detached" });
    }
    await page.getByTestId("routing").click();
    await page.getByRole("button", { name: "Not…" }).click();
    await page.getByRole("checkbox", { name: /Borealis/ }).click();
    await page.keyboard.press("Escape");
    await page.getByText("with rules").waitFor();
    const middles = await Promise.all(
      ["model-select", "routing", "options"].map(async (name) => {
        const box = await page.getByTestId(name).boundingBox();
        return box === null ? null : Math.round(box.y + box.height / 2);
      }),
    );
    expect(middles).toEqual([middles[0], middles[0], middles[0]]);
    const isCut = (element: Element): boolean => element.scrollWidth > element.clientWidth;
    expect(await page.getByTestId("price-before").evaluate(isCut)).toBe(false);
    expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
    await page.context().close();
  });

  test("keeps conversations, and verifies them again after a reload with the gateway out of reach", async () => {
    const page = await terminal.open();
    await ask(page, "What is the capital of France?");
    await markIn(page, "verified");
    await ask(page, "And a proof?");
    await markIn(page, "verified");
    await page.route("**/v1/receipts/**", (route) => route.abort());
    await page.reload();
    await page.getByTestId("answer-mark").nth(1).waitFor();
    for (const index of [0, 1]) {
      await page.getByTestId("answer-mark").nth(index).and(page.locator('[data-state="verified"]')).waitFor();
    }
    expect(await page.getByTestId("prompt").allTextContents()).toEqual([
      "What is the capital of France?",
      "And a proof?",
    ]);
    await page.context().close();
  });

  test("stops, answers again, and edits", async () => {
    const page = await terminal.open();
    await ask(page, "[held] tell me");
    await page.getByTestId("answer").getByText("Merkle").waitFor();
    await page.getByTestId("chat-stop").click();
    await page.getByTestId("answer-stopped").waitFor();
    // The receipt covers more than arrived: neither verified nor failed.
    await markIn(page, "partial");

    await page.getByTestId("regenerate").click();
    await page.getByText("2 / 2").waitFor();
    await markIn(page, "verified");

    await page.getByTestId("prompt").hover();
    await page.getByRole("button", { name: "Edit and ask again" }).click();
    await page.getByRole("textbox", { name: "Question", exact: true }).fill("What is the capital of France?");
    await page.getByRole("button", { name: "Ask again" }).click();
    await page.getByTestId("answer").getByText("Paris").waitFor();
    expect(await page.getByTestId("prompt").allTextContents()).toEqual(["What is the capital of France?"]);
    await page.context().close();
  });

  test("a long answer is written without the page standing still", async () => {
    const page = await terminal.open();
    await page.evaluate(() => {
      const tasks: number[] = [];
      Object.assign(globalThis, { tasks });
      new PerformanceObserver((list) => tasks.push(...list.getEntries().map(({ duration }) => duration))).observe({
        entryTypes: ["longtask"],
      });
    });
    await ask(page, "[long] go");
    await markIn(page, "verified");
    const longest = await page.evaluate(() => Math.max(0, ...(Reflect.get(globalThis, "tasks") as number[])));
    expect((await page.getByTestId("answer").textContent())?.length).toBeGreaterThan(40_000);
    // Tens of milliseconds on an idle machine; parsing the whole text for every piece of it would take seconds.
    expect(longest).toBeLessThan(2_000);
    await page.context().close();
  });

  test("text from a model stays text", async () => {
    const page = await terminal.open();
    await ask(page, "[html] please");
    await markIn(page, "verified");
    const answer = page.getByTestId("answer");
    expect(await answer.textContent()).toContain("<script>");
    expect(await answer.locator("img, script, iframe, b").count()).toBe(0);
    const links = await answer
      .locator("a")
      .evaluateAll((all) => all.map((each) => [(each as HTMLAnchorElement).href, (each as HTMLAnchorElement).rel]));
    expect(links).toEqual([
      ["https://evil.example/pixel.png", "noopener noreferrer nofollow"],
      ["https://example.org/a?b=c", "noopener noreferrer nofollow"],
    ]);
    expect(await page.title()).toBe("Koinon");
    await page.context().close();
  });

  test("lines outside of a fence stay lines", async () => {
    const page = await terminal.open();
    await ask(page, "[verse] please");
    await markIn(page, "verified");
    const lines = await page
      .getByTestId("answer")
      .locator("p")
      .evaluateAll((all) =>
        all.map((each) => Math.round(each.clientHeight / Number.parseFloat(getComputedStyle(each).lineHeight))),
      );
    expect(lines).toEqual([4, 4]);
    await page.context().close();
  });

  test("nothing broke the policy, left the origin or went uncaught", () => expect(terminal.problems).toEqual([]));
});
