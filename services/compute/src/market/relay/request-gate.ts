import { MarketError } from "../errors.ts";
import type { InferenceRequest } from "./inference.ts";

/** Bounds of what one process relays. */
export interface RequestGateOptions {
  /** Requests in hand at once. */
  readonly requestsMax: number;
  /** Bytes of one request body. */
  readonly bodyBytesMax: number;
  /** Bytes of all request bodies in hand. */
  readonly bodyBytesInHandMax: number;
}

/** Lets requests in within bounds, refuses the rest at once, and knows which are in hand. */
export class RequestGate {
  readonly #options: RequestGateOptions;
  readonly #inHand = new Map<InferenceRequest["requestId"], PromiseWithResolvers<void>>();
  #bodyBytes = 0;

  constructor(options: RequestGateOptions) {
    this.#options = options;
  }

  /** Requests in hand. */
  get active(): number {
    return this.#inHand.size;
  }

  /** Resolves when the request is not in hand any more; undefined when it is not now. */
  left(requestId: InferenceRequest["requestId"]): Promise<void> | undefined {
    return this.#inHand.get(requestId)?.promise;
  }

  /** Takes a request in; throws MarketError `BODY_TOO_LARGE`, `REQUEST_ALREADY_SEEN` or `MARKET_OVERLOADED`. */
  enter({ requestId, body }: InferenceRequest): void {
    const { requestsMax, bodyBytesMax, bodyBytesInHandMax } = this.#options;
    if (body.length > bodyBytesMax) {
      throw new MarketError({ code: "BODY_TOO_LARGE", sizeBytes: body.length, maxBytes: bodyBytesMax });
    }
    if (this.#inHand.has(requestId)) throw new MarketError({ code: "REQUEST_ALREADY_SEEN", requestId });
    if (this.#inHand.size >= requestsMax) throw new MarketError({ code: "MARKET_OVERLOADED", limit: "requests" });
    if (this.#bodyBytes + body.length > bodyBytesInHandMax) {
      throw new MarketError({ code: "MARKET_OVERLOADED", limit: "body-bytes" });
    }
    this.#inHand.set(requestId, Promise.withResolvers());
    this.#bodyBytes += body.length;
  }

  /** Called once for each request that was let in. */
  leave({ requestId, body }: InferenceRequest): void {
    this.#inHand.get(requestId)?.resolve();
    this.#inHand.delete(requestId);
    this.#bodyBytes -= body.length;
  }
}
