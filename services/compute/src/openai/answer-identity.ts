/** What every object and chunk of one answer repeats. */
export interface AnswerIdentity {
  readonly id: string;
  /** Seconds since the epoch. */
  readonly created: number;
  readonly model: string;
  /** Names the weights and engine that answered. */
  readonly fingerprint: string;
}

/** Token counts as OpenAI states them. */
export function usageObject(inputUnits: number, outputUnits: number) {
  return { prompt_tokens: inputUnits, completion_tokens: outputUnits, total_tokens: inputUnits + outputUnits };
}

/** `data: …` of one server-sent event. */
export function encodeEvent(value: object): Buffer {
  return Buffer.from(`data: ${JSON.stringify(value)}\n\n`);
}

/** The event that ends every stream that ended well. */
export const doneEvent: Buffer = Buffer.from("data: [DONE]\n\n");
