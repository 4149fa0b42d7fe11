/** One message as the API takes it. */
export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** A prompt with its answer's text, as it is sent again with the next prompt. */
export interface Exchanged {
  readonly prompt: string;
  readonly answer: string;
}

/** What a request asks with. */
export interface GenerationSettings {
  readonly model: string;
  readonly system: string;
  /** The most tokens that the answer may take. */
  readonly tokensMax: number;
  /** Null leaves it to the model. */
  readonly temperature: number | null;
}

/** The messages of a request and what was left out to make them fit. */
export interface FittedMessages {
  readonly messages: readonly Message[];
  /** Estimated tokens of these messages. */
  readonly tokens: number;
  /** Oldest turns that did not fit. */
  readonly turnsLeftOut: number;
}

// Tokenizers of the usual models make 3 to 4.5 bytes of English a token; fewer bytes a token errs on the side of a higher price.
const bytesPerToken = 3.5;
const tokensPerMessage = 5;

/** About how many tokens a text is; an estimate, never used to charge. */
export function estimateTokens(text: string): number {
  return Math.ceil(new TextEncoder().encode(text).length / bytesPerToken);
}

/** The messages for the next prompt: system text, as many of the latest turns as fit the budget of tokens, the prompt. */
export function fitMessages(
  system: string,
  history: readonly Exchanged[],
  prompt: string,
  tokensMax: number,
): FittedMessages {
  const cost = (text: string): number => estimateTokens(text) + tokensPerMessage;
  const messages: Message[] = [{ role: "user", content: prompt }];
  let tokens = cost(prompt) + (system === "" ? 0 : cost(system));
  let taken = 0;
  for (const { prompt: earlier, answer } of history.toReversed()) {
    const both = cost(earlier) + cost(answer);
    if (tokens + both > tokensMax) break;
    tokens += both;
    taken += 1;
    messages.unshift({ role: "user", content: earlier }, { role: "assistant", content: answer });
  }
  if (system !== "") messages.unshift({ role: "system", content: system });
  return { messages, tokens, turnsLeftOut: history.length - taken };
}

/** The exact bytes of the request. They are kept, since the receipt commits to them. */
export function encodeRequest(settings: GenerationSettings, messages: readonly Message[]): Uint8Array<ArrayBuffer> {
  const body = {
    model: settings.model,
    messages,
    max_tokens: settings.tokensMax,
    ...(settings.temperature === null ? {} : { temperature: settings.temperature }),
    stream: true,
    stream_options: { include_usage: true },
  };
  return new TextEncoder().encode(JSON.stringify(body));
}

/** The last user message of a request's bytes; null when they are no such request. */
export function promptOfRequest(bytes: Uint8Array): string | null {
  try {
    const { messages } = JSON.parse(new TextDecoder().decode(bytes)) as { messages: Message[] };
    return messages.findLast(({ role }) => role === "user")?.content ?? null;
  } catch {
    return null;
  }
}
