import type { LlamaContextSequence, Token } from "node-llama-cpp";
import type { Admission } from "../admission.ts";

/** Lends the sequences of one context, each to one generation at a time, waiting in a bounded queue. */
export class SequencePool {
  readonly #admission: Admission;
  readonly #free: LlamaContextSequence[];

  constructor(sequences: readonly LlamaContextSequence[], admission: Admission) {
    this.#free = [...sequences];
    this.#admission = admission;
  }

  /** Borrows the free sequence that shares the longest start with the prompt, so that a conversation's next turn evaluates only what is new. */
  async borrow(
    tokens: readonly Token[],
    signal: AbortSignal,
  ): Promise<{ sequence: LlamaContextSequence; give: () => void }> {
    const leave = await this.#admission.enter(signal);
    const shared = (sequence: LlamaContextSequence) => sequence.compareContextTokens([...tokens]).firstDifferentIndex;
    const sequence = this.#free.reduce((best, next) => (shared(next) > shared(best) ? next : best));
    this.#free.splice(this.#free.indexOf(sequence), 1);
    const give = () => {
      this.#free.push(sequence);
      leave();
    };
    return { sequence, give };
  }
}

/** Tokens evaluated between two looks at the signal: about half a second of prompt on one slow core. */
const sliceTokens = 64;

/** Brings a sequence to the state of a prompt without its last token, which the generation itself evaluates. */
export async function evaluatePrompt(
  sequence: LlamaContextSequence,
  tokens: readonly Token[],
  signal: AbortSignal,
): Promise<void> {
  const { firstDifferentIndex } = sequence.compareContextTokens([...tokens]);
  const kept = Math.min(firstDifferentIndex, tokens.length - 1);
  await sequence.eraseContextTokenRanges([{ start: kept, end: sequence.nextTokenIndex }]);
  // Some architectures can not forget the end alone; the sequence then starts over.
  for (let at = sequence.nextTokenIndex; at < tokens.length - 1; at = sequence.nextTokenIndex) {
    signal.throwIfAborted();
    await sequence.evaluateWithoutGeneratingNewTokens(tokens.slice(at, Math.min(at + sliceTokens, tokens.length - 1)));
  }
  signal.throwIfAborted();
}
