import type { UsageMeter } from "../engine/answer-engine.ts";
import type { GenerationEvent, TokenLogprob, TokenProbability } from "../engine/generator.ts";
import { type AnswerIdentity, doneEvent, encodeEvent, usageObject } from "./answer-identity.ts";

export interface CompletionEncoding {
  readonly identity: AnswerIdentity;
  readonly logprobs: boolean;
  readonly includeUsage: boolean;
}

/** The log-probabilities of the older endpoint, in parallel lists. */
interface CompletionLogprobs {
  readonly tokens: string[];
  readonly token_logprobs: number[];
  readonly top_logprobs: Record<string, number>[];
  readonly text_offset: number[];
}

/** Encodes completions as server-sent events, ending with `[DONE]`. */
export async function* encodeCompletionStream(
  events: AsyncIterable<GenerationEvent>,
  { identity, logprobs, includeUsage }: CompletionEncoding,
  usage: UsageMeter,
): AsyncGenerator<Uint8Array> {
  const offsets: number[] = [];
  const noUsage = includeUsage ? { usage: null } : {};
  for await (const event of events) {
    if (event.type === "started") continue;
    const index = event.choice;
    const text = event.type === "delta" ? event.text : "";
    const listed = event.type === "delta" && logprobs ? newLogprobs() : null;
    if (event.type === "delta" && listed !== null) appendLogprobs(listed, event.logprobs, offsets[index] ?? 0);
    offsets[index] = (offsets[index] ?? 0) + text.length;
    const reason = event.type === "finished" ? event.reason : null;
    const choices = [{ index, text, logprobs: listed, finish_reason: reason }];
    yield encodeEvent({ ...head(identity), choices, ...noUsage });
  }
  const { inputUnits, outputUnits } = usage;
  if (includeUsage) yield encodeEvent({ ...head(identity), choices: [], usage: usageObject(inputUnits, outputUnits) });
  yield doneEvent;
}

/** Collects completions and encodes them as one JSON object. */
export async function* encodeCompletionBody(
  events: AsyncIterable<GenerationEvent>,
  { identity, logprobs }: CompletionEncoding,
  usage: UsageMeter,
): AsyncGenerator<Uint8Array> {
  const choices: { index: number; text: string; logprobs: CompletionLogprobs | null; finish_reason: string }[] = [];
  for await (const event of events) {
    if (event.type === "started") continue;
    const index = event.choice;
    choices[index] ??= { index, text: "", logprobs: logprobs ? newLogprobs() : null, finish_reason: "stop" };
    const choice = choices[index];
    if (event.type === "finished") {
      choice.finish_reason = event.reason;
      continue;
    }
    if (choice.logprobs !== null) appendLogprobs(choice.logprobs, event.logprobs, choice.text.length);
    choice.text += event.text;
  }
  const { inputUnits, outputUnits } = usage;
  yield Buffer.from(JSON.stringify({ ...head(identity), choices, usage: usageObject(inputUnits, outputUnits) }));
}

function head({ id, created, model, fingerprint }: AnswerIdentity) {
  return { id, object: "text_completion", created, model, system_fingerprint: fingerprint };
}

function newLogprobs(): CompletionLogprobs {
  return { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
}

function appendLogprobs(listed: CompletionLogprobs, logprobs: readonly TokenLogprob[], start: number): void {
  let offset = start;
  for (const { token, logprob, top } of logprobs) {
    listed.tokens.push(token);
    listed.token_logprobs.push(logprob);
    listed.top_logprobs.push(Object.fromEntries(top.map(({ token: text, logprob: p }: TokenProbability) => [text, p])));
    listed.text_offset.push(offset);
    offset += token.length;
  }
}
