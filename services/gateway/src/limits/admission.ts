/** Options of admission. */
export interface AdmissionOptions {
  /** Requests that may be in the house at once. */
  readonly requestsMax: number;
  /** Bytes of request bodies that may be held at once, by what requests declare. */
  readonly bodyBytesMax: number;
}

/**
 * Bounds what one process has in hand: a request is let in before its body is read, or refused at once. There is no queue,
 * since a queue in front of a full house only adds waiting to work that clients will have given up on.
 */
export class Admission {
  readonly #options: AdmissionOptions;
  #requests = 0;
  #bodyBytes = 0;

  constructor(options: AdmissionOptions) {
    this.#options = options;
  }

  get requests(): number {
    return this.#requests;
  }

  get bodyBytes(): number {
    return this.#bodyBytes;
  }

  /** Takes a place for a request that declares so many body bytes; false when the house is full. */
  enter(bodyBytes: number): boolean {
    if (this.#requests >= this.#options.requestsMax || this.#bodyBytes + bodyBytes > this.#options.bodyBytesMax)
      return false;
    this.#requests += 1;
    this.#bodyBytes += bodyBytes;
    return true;
  }

  /** Gives the place back; called exactly once per successful `enter`, with the same number. */
  leave(bodyBytes: number): void {
    this.#requests -= 1;
    this.#bodyBytes -= bodyBytes;
  }
}
