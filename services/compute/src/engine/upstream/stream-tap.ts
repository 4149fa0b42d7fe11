import { findStatedUsage, type StatedUsage } from "../../market/relay/stated-usage.ts";

const usageMember = Buffer.from('"usage":');
const doneLine = Buffer.from("data: [DONE]");
const boundary = Buffer.from("\n\n");
const widerBoundary = Buffer.from("\r\n\r\n");
/** How an event starts the text of a delta: of a chat, and of a completion. Inside a text these quotes would be escaped. */
const textStarts = [Buffer.from('"content":"'), Buffer.from('"text":"')];
const quote = 0x22;
const objectStart = 0x7b;
const space = 0x20;
const empty = Buffer.alloc(0);
/** One event holds a few tokens; more without a boundary is no event stream. */
const eventBytesMax = 4 * 1024 * 1024;

/**
 * Watches an event stream on its way to the client: takes the usage from it and sees whether it ended. Chunks pass as they came from the
 * socket; only when the usage chunk was our own wish is it cut out, and then only what follows the last whole event waits.
 */
export class StreamTap {
  readonly #cutsUsage: boolean;
  #held: Buffer = empty;
  usage: StatedUsage | undefined;
  /** Deltas with text so far; each is a token at least. */
  textDeltas = 0;
  /** `data: [DONE]` has passed. */
  done = false;

  constructor(options: { cutsUsage: boolean }) {
    this.#cutsUsage = options.cutsUsage;
  }

  /** What to send on for a chunk; possibly nothing yet. Throws when an event has no end. */
  push(chunk: Buffer): Buffer {
    const joined = this.#held.length === 0 ? chunk : Buffer.concat([this.#held, chunk]);
    const end = wholeEventsEnd(joined);
    this.#held = joined.subarray(end);
    if (this.#held.length > eventBytesMax) throw new RangeError("an event of the stream has no end");
    const events = joined.subarray(0, end);
    const rest = events.length === 0 ? events : this.#watch(events);
    return this.#cutsUsage ? rest : chunk;
  }

  /** What was held back when the upstream ended. */
  end(): Buffer {
    const rest = this.#held;
    this.#held = empty;
    if (rest.includes(doneLine)) this.done = true;
    return this.#cutsUsage ? rest : empty;
  }

  #watch(events: Buffer): Buffer {
    if (events.lastIndexOf(doneLine) !== -1) this.done = true;
    for (const start of textStarts) this.textDeltas += countTexts(events, start);
    if (!hasUsageObject(events)) return events;
    const kept: Buffer[] = [];
    for (const event of splitEvents(events)) {
      if (!hasUsageObject(event) || !this.#takeUsage(event)) kept.push(event);
    }
    return Buffer.concat(kept);
  }

  /** Reads the usage of an event; true when the event carries nothing else. */
  #takeUsage(event: Buffer): boolean {
    const usage = findStatedUsage(event);
    if (usage === undefined) return false;
    this.usage = usage;
    return /"choices":\s*\[\s*\]/.test(event.toString("utf8"));
  }
}

function wholeEventsEnd(bytes: Buffer): number {
  const narrow = bytes.lastIndexOf(boundary);
  const wide = bytes.lastIndexOf(widerBoundary);
  return Math.max(narrow === -1 ? 0 : narrow + boundary.length, wide === -1 ? 0 : wide + widerBoundary.length);
}

function* splitEvents(events: Buffer): Generator<Buffer> {
  for (let start = 0; start < events.length; ) {
    const narrow = events.indexOf(boundary, start);
    const wide = events.indexOf(widerBoundary, start);
    const ends = [narrow === -1 ? Infinity : narrow + 2, wide === -1 ? Infinity : wide + 4];
    const end = Math.min(...ends, events.length);
    yield events.subarray(start, end);
    start = end;
  }
}

/** Counts members that start so and are not the empty text. */
function countTexts(bytes: Buffer, start: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(start); at !== -1; at = bytes.indexOf(start, at + start.length)) {
    if (bytes[at + start.length] !== quote) count++;
  }
  return count;
}

/** True when a member `usage` holds an object; on most chunks it is absent or null. */
function hasUsageObject(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(usageMember); at !== -1; at = bytes.indexOf(usageMember, at + 1)) {
    let next = at + usageMember.length;
    while (bytes[next] === space) next++;
    if (bytes[next] === objectStart) return true;
  }
  return false;
}
