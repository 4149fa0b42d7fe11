import { readFileSync } from "node:fs";
import { describe, expect, test } from "@jest/globals";
import { contrastOf } from "./contrast.ts";

const css = readFileSync(new URL("../src/theme/tokens.css", import.meta.url), "utf8");
const tokens = new Map(
  [...css.matchAll(/--([a-z-]+): light-dark\((#[0-9a-fA-F]{6}), (#[0-9a-fA-F]{6})\)/g)].map((match) => [
    match[1],
    match,
  ]),
);

function colorOf(name: string, theme: "light" | "dark"): string {
  const token = tokens.get(name);
  if (token === undefined) throw new Error(`no colour ${name}`);
  return (theme === "light" ? token[2] : token[3]) as string;
}

const texts = ["ink", "ink-soft", "ink-faint"];
const grounds = ["paper", "raised", "sunken", "hover"];
const pairs: [string, string][] = [
  ...texts.flatMap((text) => grounds.map((ground): [string, string] => [text, ground])),
  ...["verdigris", "cinnabar", "ochre"].flatMap((text): [string, string][] => [
    [text, `${text}-wash`],
    ["ink", `${text}-wash`],
    ["ink-soft", `${text}-wash`],
    [text, "paper"],
    [text, "raised"],
    [text, "sunken"],
  ]),
  ...["comment", "keyword", "string", "number", "title"].map((part): [string, string] => [`code-${part}`, "sunken"]),
  ["on-ink", "ink"],
];

/** Parts of controls and marks that have to be told from what is around them (WCAG 2.2, 1.4.11). */
const shapes: [string, string][] = [
  ...["edge", "verdigris-line", "cinnabar-line", "ochre-line"].flatMap((line): [string, string][] => [
    [line, "paper"],
    [line, "raised"],
  ]),
];

describe.each(["light", "dark"] as const)("contrast, %s", (theme) => {
  test.each(pairs)("%s on %s is at least 4.5 (WCAG AA, text)", (text, ground) => {
    expect(contrastOf(colorOf(text, theme), colorOf(ground, theme))).toBeGreaterThanOrEqual(4.5);
  });

  test.each(shapes)("%s on %s is at least 3 (WCAG AA, shapes)", (shape, ground) => {
    expect(contrastOf(colorOf(shape, theme), colorOf(ground, theme))).toBeGreaterThanOrEqual(3);
  });
});

test("contrast is that of the definition", () => {
  expect(contrastOf("#000000", "#ffffff")).toBeCloseTo(21);
  expect(contrastOf("#777777", "#ffffff")).toBeCloseTo(4.48, 2);
});
