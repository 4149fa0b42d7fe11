import type { IncomingHttpHeaders } from "node:http";

/** What may be in hand at once. */
export interface HttpAdmissionLimits {
  readonly requestsMax: number;
  /** Bytes of one body. */
  readonly bodyBytesMax: number;
  /** Bytes of all bodies together. */
  readonly bodyBytesTotalMax: number;
}

/** Room for requests, by number and by the bytes that their bodies may take: taken before a body is read. */
export class HttpAdmission {
  readonly #limits: HttpAdmissionLimits;
  #requests = 0;
  #bytes = 0;

  constructor(limits: HttpAdmissionLimits) {
    this.#limits = limits;
  }

  /** Takes room; answers how to give it back, or undefined when there is none. */
  enter(headers: IncomingHttpHeaders): (() => void) | undefined {
    const bytes = declaredBytes(headers, this.#limits.bodyBytesMax);
    const { requestsMax, bodyBytesTotalMax } = this.#limits;
    if (this.#requests >= requestsMax || this.#bytes + bytes > bodyBytesTotalMax) return undefined;
    this.#requests++;
    this.#bytes += bytes;
    return () => {
      this.#requests--;
      this.#bytes -= bytes;
    };
  }
}

/** A body of unknown length may turn out as long as is allowed; one that declares more is refused before it is read. */
function declaredBytes(headers: IncomingHttpHeaders, bodyBytesMax: number): number {
  const length = headers["content-length"];
  if (length !== undefined) return Math.min(Number(length), bodyBytesMax);
  return headers["transfer-encoding"] === undefined ? 0 : bodyBytesMax;
}
