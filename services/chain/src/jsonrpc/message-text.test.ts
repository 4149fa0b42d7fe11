import { expect, test } from "@jest/globals";
import fc from "fast-check";
import { JsonText } from "./message.ts";
import { parseMessage } from "./message-text.ts";

const simple = fc.constantFrom("9007199254740993", "-1.50", "1e400", "7", "null", '"id"', '"\\"id\\":1.5"');
const names = fc.constantFrom('"id"', '"\\u0069d"', '"\\u0069\\u0064"', '"params"', '"a\\\\"', '"\\"id"');
const spaces = fc.constantFrom("", " ", "\n\t");
const { texts } = fc.letrec<{ texts: string; objects: string; lists: string }>((tie) => ({
  texts: fc.oneof({ maxDepth: 4 }, simple, tie("objects"), tie("lists")),
  objects: fc
    .array(fc.tuple(names, spaces, spaces, tie("texts")), { maxLength: 4 })
    .map((members) => `{${members.map(([name, a, b, value]) => `${name}${a}:${b}${value}`).join()}}`),
  lists: fc
    .array(fc.tuple(spaces, tie("texts")), { maxLength: 4 })
    .map((items) => `[${items.map((item) => item.join("")).join()}]`),
}));

/** The same by a reviver, which is told the text of a number. */
function revived(text: string): unknown[] {
  const exact = (value: unknown, source: string | undefined) =>
    typeof value === "number" && !Number.isSafeInteger(value) ? `text ${source}` : value;
  return idsOf(
    JSON.parse(text, (key: string, value: unknown, context?: { readonly source?: string }) =>
      key === "id" ? exact(value, context?.source) : value,
    ),
  );
}

function idsOf(message: unknown): unknown[] {
  return (Array.isArray(message) ? message : [message]).map((call: unknown) =>
    typeof call === "object" && call !== null && "id" in call ? call.id : undefined,
  );
}

test("ids of calls that a double would round are what a reviver reads, wherever else there are ids", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const ids = idsOf(parseMessage(text)).map((id) => (id instanceof JsonText ? `text ${id.text}` : id));
      // Ids that are lists or objects hold what is not looked at.
      const wanted = revived(text);
      for (const [place, id] of ids.entries()) if (typeof id !== "object") expect(id).toBe(wanted[place]);
    }),
    { numRuns: 5_000 },
  );
});
