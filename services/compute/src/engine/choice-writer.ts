import type { FinishReason, GenerationEvent, TokenLogprob } from "./generator.ts";
import { StopText } from "./stop-text.ts";

type Delta = Extract<GenerationEvent, { type: "delta" }>;

/**
 * Turns the sampled tokens of one choice into deltas: joins tokens to whole characters, holds possible stop texts back, and lets
 * each token's log-probability travel with the text it belongs to.
 */
export class ChoiceWriter {
  readonly #choice: number;
  readonly #stop: StopText;
  /** Log-probabilities of tokens whose text is not wholly released, with where their text starts. */
  #pending: { start: number; logprob: TokenLogprob }[] = [];
  #written = 0;
  #seen = 0;
  #tokensDue = 0;
  tokens = 0;
  stopped = false;

  constructor(choice: number, stops: readonly string[]) {
    this.#choice = choice;
    this.#stop = new StopText(stops);
  }

  /** Adds a sampled token; `text` is what became readable with it and is empty inside a character of several tokens. */
  push(text: string, logprob: TokenLogprob | undefined): Delta | undefined {
    this.tokens++;
    this.#tokensDue++;
    if (logprob !== undefined) this.#pending.push({ start: this.#seen, logprob });
    this.#seen += text.length;
    const released = this.#stop.push(text);
    this.stopped = released.stopped;
    return this.#delta(released.text, released.stopped);
  }

  /** The end of the choice: what is still held back here and what the tokens' last characters became, then the reason. */
  finish(reason: FinishReason, lastText: string): GenerationEvent[] {
    const rest = this.stopped ? undefined : this.#finalDelta(lastText);
    const finished = { type: "finished", choice: this.#choice, reason, tokens: this.#takeTokens() } as const;
    return rest === undefined ? [finished] : [rest, finished];
  }

  #finalDelta(lastText: string): Delta | undefined {
    const released = this.#stop.push(lastText);
    const text = released.stopped ? released.text : released.text + this.#stop.flush();
    const logprobs = this.#pending.map(({ logprob }) => logprob);
    if (text === "" && logprobs.length === 0) return undefined;
    return { type: "delta", choice: this.#choice, text, tokens: this.#takeTokens(), logprobs };
  }

  #delta(text: string, last: boolean): Delta | undefined {
    this.#written += text.length;
    const cut = this.#pending.findIndex(({ start }) => start >= this.#written);
    const due = cut === -1 ? this.#pending : this.#pending.slice(0, cut);
    this.#pending = last || cut === -1 ? [] : this.#pending.slice(cut);
    if (text === "" && due.length === 0) return undefined;
    const logprobs = due.map(({ logprob }) => logprob);
    return { type: "delta", choice: this.#choice, text, tokens: this.#takeTokens(), logprobs };
  }

  #takeTokens(): number {
    const tokens = this.#tokensDue;
    this.#tokensDue = 0;
    return tokens;
  }
}
