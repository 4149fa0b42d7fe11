import type { UsageMeter } from "../engine/answer-engine.ts";
import type { GenerationEvent } from "../engine/generator.ts";
import { type AnswerIdentity, doneEvent, encodeEvent, usageObject } from "./answer-identity.ts";
import { ChatChoice, chatLogprobs, type MessageDelta } from "./chat-choice.ts";

export interface ChatEncoding {
  readonly identity: AnswerIdentity;
  readonly tools: boolean;
  readonly logprobs: boolean;
  readonly includeUsage: boolean;
}

/**
 * Encodes a chat answer as server-sent events: per choice a role chunk, content or tool-call chunks and a chunk with the finish reason;
 * then the usage when asked for, then `[DONE]`. Nothing is sent before the first event of the choice is there, so that a failure
 * until then can still be answered by a plain error.
 */
export async function* encodeChatStream(
  events: AsyncIterable<GenerationEvent>,
  encoding: ChatEncoding,
  usage: UsageMeter,
): AsyncGenerator<Uint8Array> {
  const chunks = new ChunkEncoder(encoding);
  let current: ChatChoice | undefined;
  for await (const event of events) {
    if (event.type === "started") continue;
    const parts: string[] = [];
    if (current?.index !== event.choice) {
      current = newChoice(event.choice, encoding);
      parts.push(chunks.role(event.choice));
    }
    if (event.type === "delta") {
      const deltas = current.push(event.text);
      // Log-probabilities belong to the tokens of this event, so they go with its one content chunk.
      for (const delta of deltas) parts.push(chunks.delta(event.choice, delta, event.logprobs));
    } else {
      const { deltas, reason } = current.finish(event.reason);
      for (const delta of deltas) parts.push(chunks.delta(event.choice, delta, []));
      parts.push(chunks.finish(event.choice, reason));
    }
    if (parts.length > 0) yield Buffer.from(parts.join(""));
  }
  const last = encoding.includeUsage ? [chunks.usage(usage), doneEvent] : [doneEvent];
  yield Buffer.concat(last);
}

/** A choice that names its calls after the answer. */
export function newChoice(index: number, { identity, tools }: Pick<ChatEncoding, "identity" | "tools">): ChatChoice {
  const stem = identity.id.replace("chatcmpl-", "");
  return new ChatChoice(index, { tools, callId: (call) => `call_${stem}_${index}_${call}` });
}

class ChunkEncoder {
  readonly #start: string;
  readonly #end: string;
  readonly #logprobs: boolean;
  readonly #identity: AnswerIdentity;

  constructor({ identity, logprobs, includeUsage }: ChatEncoding) {
    this.#identity = identity;
    this.#logprobs = logprobs;
    const head = JSON.stringify(chunkHead(identity)).slice(0, -1);
    this.#start = `data: ${head},"choices":[{"index":`;
    // With include_usage every chunk has the member, null but in the last.
    this.#end = includeUsage ? '}],"usage":null}\n\n' : "}]}\n\n";
  }

  role(choice: number): string {
    return this.#chunk(choice, { role: "assistant", content: "", refusal: null }, undefined, null);
  }

  delta(
    choice: number,
    delta: MessageDelta,
    logprobs: Extract<GenerationEvent, { type: "delta" }>["logprobs"],
  ): string {
    return this.#chunk(choice, delta, this.#logprobs ? logprobs : undefined, null);
  }

  finish(choice: number, reason: string): string {
    return this.#chunk(choice, {}, undefined, reason);
  }

  usage({ inputUnits, outputUnits }: UsageMeter): Buffer {
    return encodeEvent({ ...chunkHead(this.#identity), choices: [], usage: usageObject(inputUnits, outputUnits) });
  }

  #chunk(choice: number, delta: object, logprobs: Parameters<typeof chatLogprobs>[0], reason: string | null): string {
    const rest = `"logprobs":${JSON.stringify(chatLogprobs(logprobs))},"finish_reason":${JSON.stringify(reason)}`;
    return `${this.#start}${choice},"delta":${JSON.stringify(delta)},${rest}${this.#end}`;
  }
}

function chunkHead({ id, created, model, fingerprint }: AnswerIdentity) {
  return { id, object: "chat.completion.chunk", created, model, system_fingerprint: fingerprint };
}
