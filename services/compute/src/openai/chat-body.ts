import type { UsageMeter } from "../engine/answer-engine.ts";
import type { GenerationEvent, TokenLogprob } from "../engine/generator.ts";
import { usageObject } from "./answer-identity.ts";
import { type ChatChoice, chatLogprobs, type MessageDelta } from "./chat-choice.ts";
import { type ChatEncoding, newChoice } from "./chat-stream.ts";

interface ToolCall {
  readonly id: string;
  readonly type: "function";
  readonly function: { name: string; arguments: string };
}

/** Collects a whole chat answer and encodes it as one JSON object. */
export async function* encodeChatBody(
  events: AsyncIterable<GenerationEvent>,
  encoding: ChatEncoding,
  usage: UsageMeter,
): AsyncGenerator<Uint8Array> {
  const messages: CollectedMessage[] = [];
  for await (const event of events) {
    if (event.type === "started") continue;
    messages[event.choice] ??= new CollectedMessage(newChoice(event.choice, encoding));
    messages[event.choice]?.add(event);
  }
  const { id, created, model, fingerprint } = encoding.identity;
  const answer = {
    id,
    object: "chat.completion",
    created,
    model,
    choices: messages.map((message) => message.toChoice(encoding.logprobs)),
    usage: usageObject(usage.inputUnits, usage.outputUnits),
    system_fingerprint: fingerprint,
  };
  yield Buffer.from(JSON.stringify(answer));
}

class CollectedMessage {
  readonly #choice: ChatChoice;
  readonly #logprobs: TokenLogprob[] = [];
  readonly #calls: ToolCall[] = [];
  #content = "";
  #reason = "stop";

  constructor(choice: ChatChoice) {
    this.#choice = choice;
  }

  add(event: Exclude<GenerationEvent, { type: "started" }>): void {
    if (event.type === "delta") {
      this.#logprobs.push(...event.logprobs);
      for (const delta of this.#choice.push(event.text)) this.#apply(delta);
      return;
    }
    const { deltas, reason } = this.#choice.finish(event.reason);
    for (const delta of deltas) this.#apply(delta);
    this.#reason = reason;
  }

  toChoice(withLogprobs: boolean) {
    const called = this.#calls.length > 0;
    return {
      index: this.#choice.index,
      message: {
        role: "assistant",
        content: called && this.#content === "" ? null : this.#content,
        refusal: null,
        ...(called ? { tool_calls: this.#calls } : {}),
      },
      logprobs: chatLogprobs(withLogprobs ? this.#logprobs : undefined),
      finish_reason: this.#reason,
    };
  }

  #apply(delta: MessageDelta): void {
    if ("content" in delta) {
      this.#content += delta.content;
      return;
    }
    const [{ index, id, function: called }] = delta.tool_calls;
    if (id !== undefined)
      this.#calls[index] = { id, type: "function", function: { name: called.name ?? "", arguments: "" } };
    const call = this.#calls[index];
    if (call !== undefined) call.function.arguments += called.arguments;
  }
}
