import type { FinishReason, TokenLogprob } from "../engine/generator.ts";
import { ToolCallReader } from "./tool-call-reader.ts";

/** A member of `delta.tool_calls`. */
interface ToolCallDelta {
  readonly index: number;
  readonly id?: string;
  readonly type?: "function";
  readonly function: { readonly name?: string; readonly arguments: string };
}

/** What one piece of an answer adds to a chat message. */
export type MessageDelta = { readonly content: string } | { readonly tool_calls: readonly [ToolCallDelta] };

/** Turns the text of one choice into message deltas, with tool calls read out of it when the request has tools. */
export class ChatChoice {
  readonly index: number;
  readonly #reader: ToolCallReader | undefined;
  readonly #callId: (call: number) => string;

  constructor(index: number, options: { tools: boolean; callId: (call: number) => string }) {
    this.index = index;
    this.#reader = options.tools ? new ToolCallReader() : undefined;
    this.#callId = options.callId;
  }

  push(text: string): MessageDelta[] {
    if (this.#reader === undefined) return [{ content: text }];
    return this.#reader.push(text).map((piece) => this.#delta(piece));
  }

  /** What was held back, and how the choice ended in OpenAI's words. */
  finish(reason: FinishReason): { deltas: MessageDelta[]; reason: string } {
    const deltas = (this.#reader?.flush() ?? []).map((piece) => this.#delta(piece));
    const called = (this.#reader?.calls ?? 0) > 0;
    return { deltas, reason: reason === "stop" && called ? "tool_calls" : reason };
  }

  #delta(piece: ReturnType<ToolCallReader["push"]>[number]): MessageDelta {
    switch (piece.type) {
      case "content":
        return { content: piece.text };
      case "call": {
        const { index, name } = piece;
        return {
          tool_calls: [{ index, id: this.#callId(index), type: "function", function: { name, arguments: "" } }],
        };
      }
      case "arguments":
        return { tool_calls: [{ index: piece.index, function: { arguments: piece.text } }] };
    }
  }
}

/** `logprobs` of a chat choice or chunk. */
export function chatLogprobs(logprobs: readonly TokenLogprob[] | undefined) {
  if (logprobs === undefined) return null;
  const content = logprobs.map(({ token, logprob, bytes, top }) => ({ token, logprob, bytes, top_logprobs: top }));
  return { content, refusal: null };
}
