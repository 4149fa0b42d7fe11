import {
  type Llama,
  type LlamaContextSequence,
  LlamaGrammarEvaluationState,
  type LlamaModel,
  type SequenceEvaluateOptions,
  type Token,
} from "node-llama-cpp";
import { ChoiceWriter } from "../choice-writer.ts";
import { EngineError } from "../errors.ts";
import type { Constraint, FinishReason, GenerationEvent, GenerationRequest, TokenLogprob } from "../generator.ts";
import { evaluatePrompt } from "./sequence-pool.ts";
import { tokenLogprob } from "./token-logprobs.ts";
import { TokenText } from "./token-text.ts";

/** One choice to decode: the request, its prompt's tokens and what limits it. */
export interface ChoiceToDecode {
  readonly request: GenerationRequest;
  readonly choice: number;
  readonly promptTokens: readonly Token[];
  readonly tokensMax: number;
  readonly temperature: number;
  readonly topP: number;
  readonly seed: number;
}

/** Decodes one choice on a borrowed sequence. */
export async function* decodeChoice(
  llama: Llama,
  sequence: LlamaContextSequence,
  work: ChoiceToDecode,
  signal: AbortSignal,
): AsyncGenerator<GenerationEvent> {
  const { request, promptTokens } = work;
  const { model } = sequence;
  const writer = new ChoiceWriter(work.choice, request.stop);
  const showSpecial = request.constraint !== undefined;
  const text = new TokenText(model, { promptTokens, showSpecial });
  const grammar =
    request.constraint === undefined ? undefined : await GrammarGate.create(llama, model, request.constraint);
  await evaluatePrompt(sequence, promptTokens, signal);
  let reason: FinishReason = "length";
  for await (const sampled of sample(sequence, work, grammar)) {
    signal.throwIfAborted();
    if (model.isEogToken(sampled.token)) {
      reason = "stop";
      break;
    }
    const piece = text.push(sampled.token);
    grammar?.push(piece);
    const delta = writer.push(piece, logprobOf(model, work, sampled));
    if (delta !== undefined) yield delta;
    if (writer.stopped) {
      reason = "stop";
      break;
    }
    if (writer.tokens >= work.tokensMax) break;
  }
  yield* writer.finish(reason, text.flush());
}

interface Sampled {
  readonly token: Token;
  readonly probabilities?: ReadonlyMap<Token, number>;
}

function sample(sequence: LlamaContextSequence, work: ChoiceToDecode, grammar: GrammarGate | undefined) {
  const { sampling, topLogprobs } = work.request;
  const generated: Token[] = [];
  const punished = sampling.frequencyPenalty !== 0 || sampling.presencePenalty !== 0;
  const options: SequenceEvaluateOptions = {
    temperature: work.temperature,
    topP: work.topP,
    topK: 0,
    minP: 0,
    seed: work.seed,
    yieldEogToken: true,
    ...(grammar === undefined ? {} : { grammarEvaluationState: () => grammar.state }),
    ...(punished
      ? {
          repeatPenalty: {
            penalty: 1,
            frequencyPenalty: sampling.frequencyPenalty,
            presencePenalty: sampling.presencePenalty,
            punishTokens: () => generated,
          },
        }
      : {}),
  };
  const last = work.promptTokens.slice(-1);
  const metadata = { probabilities: topLogprobs !== undefined } as const;
  return remember(sequence.evaluateWithMetadata(last, metadata, options) as AsyncGenerator<Sampled>, generated);
}

async function* remember(sampled: AsyncGenerator<Sampled>, generated: Token[]): AsyncGenerator<Sampled> {
  for await (const item of sampled) {
    generated.push(item.token);
    yield item;
  }
}

function logprobOf(model: LlamaModel, work: ChoiceToDecode, sampled: Sampled): TokenLogprob | undefined {
  const { topLogprobs } = work.request;
  if (topLogprobs === undefined || sampled.probabilities === undefined) return undefined;
  return tokenLogprob(sampled.token, sampled.probabilities, {
    temperature: work.temperature,
    top: topLogprobs,
    text: (token) => model.detokenize([token as Token], true),
  });
}

/** Keeps a grammar in force, or lets go of it as soon as an answer can no longer start with the constraint's trigger. */
class GrammarGate {
  readonly #trigger: string;
  #state: LlamaGrammarEvaluationState | undefined;
  #start = "";

  private constructor(state: LlamaGrammarEvaluationState, trigger: string) {
    this.#state = state;
    this.#trigger = trigger;
  }

  static async create(llama: Llama, model: LlamaModel, constraint: Constraint): Promise<GrammarGate> {
    try {
      const grammar = await llama.createGrammar({ grammar: constraint.grammar });
      return new GrammarGate(new LlamaGrammarEvaluationState({ model, grammar }), constraint.trigger ?? "");
    } catch (cause) {
      throw new EngineError({ code: "GRAMMAR_REFUSED", reason: "the engine can not follow this grammar" }, { cause });
    }
  }

  get state(): LlamaGrammarEvaluationState | undefined {
    return this.#state;
  }

  push(piece: string): void {
    if (this.#start.length >= this.#trigger.length) return;
    this.#start += piece;
    const compared = Math.min(this.#start.length, this.#trigger.length);
    if (this.#start.slice(0, compared) !== this.#trigger.slice(0, compared)) this.#state = undefined;
  }
}
