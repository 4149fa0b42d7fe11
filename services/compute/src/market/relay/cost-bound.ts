/**
 * Units that a chat template, special tokens and a default system prompt may add to what the body itself holds. The templates of
 * the models known today add fewer than 60; the rest is room.
 */
export const inputUnitsSlack = 256n;

/** What bounds the units of one request. */
export interface RequestSize {
  readonly kind: "chat" | "embedding";
  readonly bodyBytes: number;
  /** What the request allows, times n; 0 when it does not say. */
  readonly maxOutputTokens: number;
  /** The model's context in tokens. */
  readonly contextTokens: number;
}

/** The most units a request can be metered at. */
export interface UnitBound {
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
}

/**
 * Bounds the units of a request without reading it: every token of a prompt covers at least one byte of the body (token ids
 * written as numbers take more), and an answer is bounded by what the request allows, else by the model's context. An
 * embedding has no output units.
 */
export function boundUnits(size: RequestSize): UnitBound {
  const inputUnits = BigInt(size.bodyBytes) + inputUnitsSlack;
  if (size.kind === "embedding") return { inputUnits, outputUnits: 0n };
  return { inputUnits, outputUnits: BigInt(size.maxOutputTokens || size.contextTokens) };
}
