/** What has been read out of an answer's bytes so far. The text on the screen is always this, never anything else. */
export interface Reading {
  readonly text: string;
  /** What the model wrote before its answer, where the engine tells it apart. */
  readonly reasoning: string;
  /** As the engine says: "stop", "length", …; null before the end. */
  readonly finishReason: string | null;
  readonly usage: Usage | null;
  /** True once the stream has said that it is complete. */
  readonly isDone: boolean;
  /** The error that the stream ended with, in its own words. */
  readonly error: string | null;
}

/** Metered tokens, as the answer states them. */
export interface Usage {
  readonly inputUnits: number;
  readonly outputUnits: number;
}

/** Nothing read yet. */
export const emptyReading: Reading = {
  text: "",
  reasoning: "",
  finishReason: null,
  usage: null,
  isDone: false,
  error: null,
};
