/**
 * Takes a server-sent event stream apart as its bytes come in (WHATWG HTML, 9.2.6): any line ends, comments, data over several
 * lines, characters split between chunks. An event that no blank line has ended is not an event.
 */
export class EventStream {
  readonly #decoder = new TextDecoder();
  #rest = "";
  #data: string[] = [];
  #afterReturn = false;

  /** The data of the events that these bytes complete, in order. */
  feed(bytes: Uint8Array): string[] {
    return this.#take(this.#decoder.decode(bytes, { stream: true }));
  }

  #take(text: string): string[] {
    const events: string[] = [];
    let start = 0;
    for (let at = 0; at < text.length; at += 1) {
      const character = text[at];
      if (character !== "\n" && character !== "\r") {
        this.#afterReturn = false;
        continue;
      }
      // The line feed of a CR LF ends no second line.
      const isSecondHalf = character === "\n" && this.#afterReturn;
      this.#afterReturn = character === "\r";
      if (!isSecondHalf) {
        const event = this.#line(this.#rest + text.slice(start, at));
        if (event !== undefined) events.push(event);
        this.#rest = "";
      }
      start = at + 1;
    }
    this.#rest += text.slice(start);
    return events;
  }

  #line(line: string): string | undefined {
    if (line === "") {
      if (this.#data.length === 0) return undefined;
      const event = this.#data.join("\n");
      this.#data = [];
      return event;
    }
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    if (field === "data") this.#data.push(colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, ""));
    return undefined;
  }
}
