import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainWord } from "../gateway/chain-node.ts";

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

/** What the chain says of the block that a bundle is anchored in and that the trust file does not name. */
export interface AskedBlock {
  readonly block: Hex;
  readonly word: ChainWord;
}

/** A question and its answer as they stand on the screen. */
export interface ScreenText {
  readonly prompt: string;
  readonly text: string;
}
