const marks = ["data: [DONE]", "data:[DONE]"] as const;
const markLengthMax = 12;
const endLine = /(?:^|[\r\n])data: ?\[DONE\]/;

/** Where an event stream stands after a chunk: it goes on, may be in the middle of its last event, or has had its last event. */
export type StreamPlace = "open" | "maybe-ending" | "ended";

/**
 * Follows an OpenAI event stream to its last event, a line `data: [DONE]`, however the line is cut into chunks. Inside an event's JSON the
 * same text is never at the start of a line.
 */
export class StreamEnd {
  /** The beginning of the line that the next chunk continues; a line too long to become the last event is only known to be one. */
  #line = "";
  #ended = false;

  take(chunk: Uint8Array): StreamPlace {
    if (this.#ended) return "ended";
    const text = this.#line + Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length).toString("latin1");
    if (text.includes("[DONE]") && endLine.test(text)) {
      this.#ended = true;
      return "ended";
    }
    const line = text.slice(Math.max(text.lastIndexOf("\n"), text.lastIndexOf("\r")) + 1);
    this.#line = line.length <= markLengthMax ? line : "…";
    return line !== "" && marks.some((mark) => mark.startsWith(line)) ? "maybe-ending" : "open";
  }
}
