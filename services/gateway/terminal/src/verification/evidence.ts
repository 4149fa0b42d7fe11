/** Everything that one verification looks at, but for the trust anchors. */
export interface Evidence {
  /** The proof bundle, exactly as it came. */
  readonly bundle: Uint8Array<ArrayBuffer>;
  /** The exact bytes sent; null when this browser does not have them. */
  readonly request: Uint8Array<ArrayBuffer> | null;
  /** The exact bytes received; null when this browser does not have them. */
  readonly response: Uint8Array<ArrayBuffer> | null;
  /** `x-request-id` of the answer that the bundle is asked to prove; null when only the bundle is looked at. */
  readonly requestId: string | null;
  /** What the page shows; null when it shows no text. */
  readonly screen: ScreenText | null;
}

/** A question and its answer as they stand on the screen. */
export interface ScreenText {
  readonly prompt: string;
  readonly text: string;
}
