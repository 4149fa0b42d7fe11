import { readErrorBody } from "../../gateway/fault-from-response.ts";
import { EventStream } from "./event-stream.ts";
import { emptyReading, type Reading, type Usage } from "./reading.ts";

const doneMarker = "[DONE]";

/** Reads a streamed chat completion as its bytes come in. The same bytes always give the same reading. */
export class CompletionReader {
  readonly #events = new EventStream();
  #reading: Reading = emptyReading;

  get reading(): Reading {
    return this.#reading;
  }

  /** Takes the next bytes; answers the reading with them. */
  feed(bytes: Uint8Array): Reading {
    for (const event of this.#events.feed(bytes)) this.#reading = withEvent(this.#reading, event);
    return this.#reading;
  }
}

/** The reading of a whole answer. */
export function readAnswer(bytes: Uint8Array): Reading {
  return new CompletionReader().feed(bytes);
}

function withEvent(reading: Reading, event: string): Reading {
  // After an error or the end nothing counts: what follows is not part of the answer.
  if (reading.isDone || reading.error !== null) return reading;
  if (event === doneMarker) return { ...reading, isDone: true };
  let chunk: unknown;
  try {
    chunk = JSON.parse(event);
  } catch {
    return { ...reading, error: "The stream held something that is not JSON." };
  }
  if (!isObject(chunk)) return { ...reading, error: "The stream held something that is not an answer." };
  if (isObject(chunk.error)) return { ...reading, error: readErrorBody(chunk, 200).message };
  return withChunk(reading, chunk);
}

function withChunk(reading: Reading, chunk: Record<string, unknown>): Reading {
  const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
  const delta = isObject(choice) && isObject(choice.delta) ? choice.delta : {};
  return {
    ...reading,
    text: reading.text + textOf(delta.content) + textOf(delta.refusal),
    reasoning: reading.reasoning + textOf(delta.reasoning_content),
    finishReason:
      isObject(choice) && typeof choice.finish_reason === "string" ? choice.finish_reason : reading.finishReason,
    usage: usageOf(chunk.usage) ?? reading.usage,
  };
}

function usageOf(value: unknown): Usage | undefined {
  if (!isObject(value)) return undefined;
  const { prompt_tokens: input, completion_tokens: output } = value;
  if (!Number.isSafeInteger(input)) return undefined;
  return { inputUnits: input as number, outputUnits: Number.isSafeInteger(output) ? (output as number) : 0 };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
