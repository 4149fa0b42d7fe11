import { expect, test } from "@jest/globals";
import { isPrintable } from "./printable-text.ts";

test.each([
  "",
  "Atlas",
  "caf\u00e9 \u4e2d\u6587 \u{1f600}",
  "\u00a0\u00a1",
  "\u200a\u2010",
  "\u2027\u202f",
  "\ue000",
  "\u{1faf6}",
])("%j is printable", (text) => {
  expect(isPrintable(text)).toBe(true);
});

test.each([
  "\u0000",
  "a\nb",
  "\u007f",
  "\u009f",
  "\u00ad",
  "\u200d",
  "\u202e",
  "\u2066",
  "\ufeff",
  "\u{e0041}",
  "\ud800",
])("%j is not", (text) => {
  expect(isPrintable(text)).toBe(false);
});
