import { JsonText } from "./message.ts";

/**
 * Parses the text of a message. An id that a double would round becomes the JsonText that was sent, because a client looks for
 * its own. Throws SyntaxError, and RangeError for text nested too deep.
 */
export function parseMessage(text: string): unknown {
  const message: unknown = JSON.parse(text);
  if (!callsOf(message).some(hasRoundedId)) return message;
  // Slower, and of use to hardly anybody: so only when it has to be.
  const ids = new Map<unknown, string>();
  const exact: unknown = JSON.parse(text, function (this: unknown, key: string, value: unknown, context?: Source) {
    if (key === "id" && context?.source !== undefined) ids.set(this, context.source);
    return value;
  });
  for (const call of callsOf(exact)) {
    const id = ids.get(call);
    if (hasRoundedId(call) && id !== undefined) call.id = new JsonText(id);
  }
  return exact;
}

/** What a reviver is told beside the value: for numbers and other simple values, the text they were read from. */
interface Source {
  readonly source?: string;
}

function callsOf(message: unknown): readonly unknown[] {
  return Array.isArray(message) ? message : [message];
}

function hasRoundedId(call: unknown): call is { id: unknown } {
  if (typeof call !== "object" || call === null || !("id" in call)) return false;
  return typeof call.id === "number" && !Number.isSafeInteger(call.id);
}
