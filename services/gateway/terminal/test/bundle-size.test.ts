import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const html = readFileSync(path.join(dist, "index.html"), "utf8");
const assets = readdirSync(path.join(dist, "assets"));

/** Bytes that go over the wire: the Brotli form where there is one. */
function wireBytes(file: string): number {
  const whole = path.join(dist, file);
  return statSync(existsSync(`${whole}.br`) ? `${whole}.br` : whole).size;
}

const first = [...html.matchAll(/(?:src|href)="\/(assets\/[^"]+)"/g)].map((match) => match[1] as string);
const named = (pattern: RegExp): string[] =>
  assets.filter((name) => pattern.test(name)).map((name) => `assets/${name}`);
const sum = (files: readonly string[]): number => files.reduce((total, file) => total + wireBytes(file), 0);

test("the first page takes at most 170 KB of script and style", () => {
  expect(first.length).toBeGreaterThan(0);
  expect(sum(first)).toBeLessThan(170_000);
});

test("Markdown, highlighting, the verifier and the other pages come when they are needed, within their budgets", () => {
  const budgets: [RegExp, number][] = [
    [/^markdown-.*\.js$/, 20_000],
    [/^highlight-.*\.js$/, 35_000],
    [/^worker-.*\.js$/, 40_000],
    [/^proof-panel-.*\.js$/, 10_000],
    [/^(receipts|network|contributions|keys)-page-.*\.js$/, 12_000],
  ];
  for (const [pattern, budget] of budgets) {
    const files = named(pattern);
    expect([String(pattern), files.length > 0]).toEqual([String(pattern), true]);
    expect(files.filter((file) => first.includes(file))).toEqual([]);
    expect([String(pattern), sum(files) <= budget]).toEqual([String(pattern), true]);
  }
});

test("nothing in the page is inline, and nothing comes from elsewhere", () => {
  expect(html).not.toMatch(/<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=/i);
  expect(
    [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1]).filter((url) => !url?.startsWith("/")),
  ).toEqual([]);
  for (const file of named(/\.css$/))
    expect(readFileSync(path.join(dist, file), "utf8")).not.toMatch(/url\((?!["']?\/assets\/)/);
});
