import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { StopText } from "./stop-text.ts";

/** The rule itself: letter by letter, until the text ends with a stop text; then everything before the longest such. */
function expected(text: string, stops: readonly string[]): { text: string; stopped: boolean } {
  for (let end = 1; end <= text.length; end++) {
    const ending = stops.filter((stop) => text.slice(0, end).endsWith(stop)).map((stop) => stop.length);
    if (ending.length > 0) return { text: text.slice(0, end - Math.max(...ending)), stopped: true };
  }
  return { text, stopped: false };
}

test("however the text is cut into pieces, what is shown is what comes before the stop text that is complete first, and never a part of one", () => {
  const letters = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 30 });
  const stops = fc.array(fc.string({ unit: fc.constantFrom("a", "b", "c"), minLength: 1, maxLength: 4 }), {
    maxLength: 3,
  });
  fc.assert(
    fc.property(fc.array(letters, { maxLength: 12 }), stops, (pieces, stopTexts) => {
      const whole = expected(pieces.join(""), stopTexts);
      const stop = new StopText(stopTexts);
      let shown = "";
      let stopped = false;
      for (const piece of pieces) {
        const release = stop.push(piece);
        shown += release.text;
        // At every moment only what can not become a stop text any more was shown.
        expect(whole.text.startsWith(shown)).toBe(true);
        stopped = release.stopped;
        if (stopped) break;
      }
      if (!stopped) shown += stop.flush();
      expect({ text: shown, stopped }).toEqual(whole);
    }),
    { numRuns: 2_000 },
  );
});

test("no more is held back than could become a stop text", () => {
  const stop = new StopText(["STOP"]);
  expect(stop.push("go S")).toEqual({ text: "go ", stopped: false });
  expect(stop.heldLength).toBe(1);
  expect(stop.push("TORE")).toEqual({ text: "STORE", stopped: false });
  expect(stop.heldLength).toBe(0);
});
