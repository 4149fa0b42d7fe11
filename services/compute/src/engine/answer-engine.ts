import type { EngineHealth } from "./generator.ts";

export type Endpoint = "chat" | "completions" | "embeddings";

/** One request to answer in OpenAI's wire format. */
export interface EngineCall {
  readonly endpoint: Endpoint;
  /** The client's body, byte for byte. */
  readonly body: Uint8Array;
  /** The model as the engine calls it. */
  readonly model: string;
  /** The model as the answer names it. */
  readonly modelName: string;
  /** 32 hex digits that make the answer's ids. */
  readonly requestId: string;
  /** Most output units that may be charged after so many input units; negative when already the input is too much. */
  readonly outputUnitsMax: (inputUnits: number) => number;
}

/** What was used so far; the figures are final when the body has ended. */
export interface UsageMeter {
  inputUnits: number;
  outputUnits: number;
}

/** An answer under way. */
export interface EngineAnswer {
  readonly contentType: string;
  /** True for an event stream, where a failure after the first byte is told by an error event. */
  readonly stream: boolean;
  /** The exact bytes to deliver. Throws when the engine breaks off; leaving the loop early stops the engine. */
  readonly body: AsyncIterable<Uint8Array>;
  readonly usage: UsageMeter;
}

/** Answers requests with wire bytes. Implemented over a Generator and over any OpenAI-compatible URL. */
export interface AnswerEngine {
  /** Rejects with ApiError for what is answered by a refusal, with EngineError when the engine is at fault. */
  answer(call: EngineCall, signal: AbortSignal): Promise<EngineAnswer>;
  health(): EngineHealth;
  close(): Promise<void>;
}
