import { argumentsMarker, callStart } from "./tool-grammar.ts";

/** What a piece of an answer turned out to be. */
export type ToolPiece =
  | { readonly type: "content"; readonly text: string }
  | { readonly type: "call"; readonly index: number; readonly name: string }
  | { readonly type: "arguments"; readonly index: number; readonly text: string };

type State = "undecided" | "content" | "head" | "arguments" | "between";

/**
 * Reads an answer that follows the tool grammar as it comes: plain text, or calls whose arguments are passed on piece by piece.
 * Holds back what may still be the start of a call.
 */
export class ToolCallReader {
  #state: State = "undecided";
  #buffer = "";
  #calls = 0;
  #depth = 0;
  #inString = false;
  #escaped = false;

  /** How many calls have begun. */
  get calls(): number {
    return this.#calls;
  }

  push(text: string): ToolPiece[] {
    const pieces: ToolPiece[] = [];
    this.#buffer += text;
    while (this.#step(pieces)) {}
    return pieces;
  }

  /** Text held back when the answer ends. */
  flush(): ToolPiece[] {
    const text = this.#buffer;
    this.#buffer = "";
    return this.#state === "undecided" && text !== "" ? [{ type: "content", text }] : [];
  }

  /** Takes one step; false when more text is needed. */
  #step(pieces: ToolPiece[]): boolean {
    switch (this.#state) {
      case "undecided":
        return this.#decide();
      case "content":
        if (this.#buffer !== "") pieces.push({ type: "content", text: this.#take(this.#buffer.length) });
        return false;
      case "head":
        return this.#readHead(pieces);
      case "arguments":
        return this.#readArguments(pieces);
      case "between":
        return this.#skipTo(callStart, "head");
    }
  }

  #decide(): boolean {
    const compared = Math.min(this.#buffer.length, callStart.length);
    if (this.#buffer.slice(0, compared) !== callStart.slice(0, compared)) this.#state = "content";
    else if (compared === callStart.length) return this.#skipTo(callStart, "head");
    else return false;
    return true;
  }

  #readHead(pieces: ToolPiece[]): boolean {
    const end = this.#buffer.indexOf(argumentsMarker);
    if (end < 0) return false;
    const head = this.#take(end + argumentsMarker.length);
    const name = /"name": "([^"]*)"/.exec(head)?.[1] ?? "";
    pieces.push({ type: "call", index: this.#calls, name });
    this.#calls++;
    this.#depth = 0;
    this.#state = "arguments";
    return true;
  }

  #readArguments(pieces: ToolPiece[]): boolean {
    let at = 0;
    let ended = false;
    for (; at < this.#buffer.length && !ended; at++) ended = this.#endsObject(this.#buffer.charAt(at));
    if (at > 0) pieces.push({ type: "arguments", index: this.#calls - 1, text: this.#take(at) });
    if (ended) this.#state = "between";
    return ended;
  }

  #endsObject(character: string): boolean {
    if (this.#inString) {
      if (this.#escaped) this.#escaped = false;
      else if (character === "\\") this.#escaped = true;
      else if (character === '"') this.#inString = false;
      return false;
    }
    if (character === '"') this.#inString = true;
    else if (character === "{" || character === "[") this.#depth++;
    else if (character === "}" || character === "]") this.#depth--;
    return this.#depth === 0;
  }

  #skipTo(marker: string, next: State): boolean {
    const at = this.#buffer.indexOf(marker);
    if (at < 0) return false;
    this.#take(at + marker.length);
    this.#state = next;
    return true;
  }

  #take(length: number): string {
    const text = this.#buffer.slice(0, length);
    this.#buffer = this.#buffer.slice(length);
    return text;
  }
}
