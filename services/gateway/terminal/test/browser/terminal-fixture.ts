import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { chromiumArguments } from "@koinon/testkit/chromium-arguments";
import { type Browser, type BrowserContextOptions, chromium, type Locator, type Page } from "playwright-core";
import { type StandIn, startStandIn } from "../stand-in/stand-in-server.ts";

const packageFolder = fileURLToPath(new URL("../..", import.meta.url));
const artifacts = path.join(packageFolder, "artifacts");

/** How a page is opened. */
export interface OpenOptions extends BrowserContextOptions {
  readonly path?: string;
  /** The key in the address; null for none. Left out, the stand-in's user key. */
  readonly key?: string | null;
}

/** A browser with the built Terminal, served by the stand-in under the gateway's own policy. */
export interface TerminalFixture {
  readonly standIn: StandIn;
  open(options?: OpenOptions): Promise<Page>;
  /** What no page may ever cause: uncaught errors, breaches of the policy, requests to elsewhere. */
  readonly problems: readonly string[];
  stop(): Promise<void>;
}

/** Starts the stand-in and the browser. The package has to be built. */
export async function startTerminal(executablePath: string, historyLength = 12): Promise<TerminalFixture> {
  const dist = path.join(packageFolder, "dist");
  if (!existsSync(path.join(dist, "index.html")))
    throw new Error(`build the package first: ${dist} holds no index.html`);
  mkdirSync(artifacts, { recursive: true });
  const standIn = await startStandIn({ seed: "browser", port: 0, dist, historyLength });
  const browser: Browser = await chromium.launch({ executablePath, args: chromiumArguments });
  const problems: string[] = [];
  const open = async ({
    path: place = "/",
    key = standIn.userKey.key,
    ...options
  }: OpenOptions = {}): Promise<Page> => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    const page = await context.newPage();
    watch(page, standIn.url, problems);
    await page.goto(`${standIn.url}${place}${key === null ? "" : `#key=${key}`}`);
    return page;
  };
  const stop = async (): Promise<void> => {
    await browser.close();
    await standIn.stop();
  };
  return { standIn, open, problems, stop };
}

function watch(page: Page, origin: string, problems: string[]): void {
  page.setDefaultTimeout(30_000);
  page.on("pageerror", (error) => problems.push(`uncaught: ${error.message}`));
  page.on("console", (message) => {
    if (/content security policy|refused to|violates/i.test(message.text())) problems.push(message.text());
  });
  page.on("request", (request) => {
    const isOwn = request.url().startsWith(`${origin}/`) || request.url().startsWith(`blob:${origin}/`);
    if (!isOwn) problems.push(`request to ${request.url()}`);
  });
}

/** Asks a question; resolves when it stands in the conversation. */
export async function ask(page: Page, prompt: string): Promise<void> {
  const known = await page.getByRole("article").count();
  await page.getByTestId("chat-input").fill(prompt);
  await page.getByTestId("chat-send").click();
  await page.getByRole("article").nth(known).waitFor();
}

/** The newest question with its answer. */
export function lastTurn(page: Page): Locator {
  return page.getByRole("article").last();
}

/** The newest mark, once it is in this state. */
export async function markIn(page: Page, state: string): Promise<Locator> {
  const mark = lastTurn(page).getByTestId("answer-mark");
  await mark.and(page.locator(`[data-state="${state}"]`)).waitFor();
  return mark;
}

/** The steps in view, as name and status. */
export async function stepsOf(page: Page): Promise<Record<string, string>> {
  const steps = page.getByTestId("verification-step");
  await steps.first().waitFor();
  const pairs = await steps.evaluateAll((all) =>
    all.map((each) => [each.getAttribute("data-step"), each.getAttribute("data-status")]),
  );
  return Object.fromEntries(pairs) as Record<string, string>;
}

/** Keeps a picture for people to look at. */
export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(artifacts, `${name}.png`) });
}
