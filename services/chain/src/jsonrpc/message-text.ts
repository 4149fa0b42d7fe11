import { JsonText } from "./message.ts";

/**
 * Parses the text of a message. An id that a double would round becomes the JsonText that was sent, because a client looks for
 * its own. Throws SyntaxError, and RangeError for text nested too deep.
 */
export function parseMessage(text: string): unknown {
  const message: unknown = JSON.parse(text);
  const isBatch = Array.isArray(message);
  const calls: readonly unknown[] = isBatch ? message : [message];
  if (!calls.some(hasRoundedId)) return message;
  const ids = numericIds(text, isBatch ? 2 : 1);
  for (const [place, call] of calls.entries()) {
    const id = ids.get(place);
    if (hasRoundedId(call) && id !== undefined) call.id = new JsonText(id);
  }
  return message;
}

function hasRoundedId(call: unknown): call is { id: unknown } {
  if (typeof call !== "object" || call === null || !("id" in call)) return false;
  return typeof call.id === "number" && !Number.isSafeInteger(call.id);
}

/** A name of two characters, each escaped at most. */
const idNameLengthMax = '"\\u0069\\u0064"'.length;
const numberAfterName = /\s*:\s*(-?[\d.eE+-]+)/y;

/**
 * The texts of the calls' numeric ids, by place; of several ids of a call the last, as JSON.parse has it. Calls stand so many levels deep in the
 * text, which JSON.parse took. A pass over the characters: a reviver, which is told the text of a number, would be called for every value of the
 * parameters, and take forty times as long as parsing.
 */
function numericIds(text: string, callLevel: number): Map<number, string> {
  const ids = new Map<number, string>();
  let level = 0;
  let place = 0;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (character === "{" || character === "[") level++;
    else if (character === "}" || character === "]") level--;
    else if (character === "," && level < callLevel) place++;
    else if (character === '"') {
      const end = endOfString(text, at);
      if (level === callLevel && end - at <= idNameLengthMax && JSON.parse(text.slice(at, end)) === "id") {
        numberAfterName.lastIndex = end;
        const number = numberAfterName.exec(text)?.[1];
        if (number !== undefined) ids.set(place, number);
      }
      at = end - 1;
    }
  }
  return ids;
}

/** Behind the closing mark of the string that begins here. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  for (; text[at] !== '"'; at++) if (text[at] === "\\") at++;
  return at + 1;
}
