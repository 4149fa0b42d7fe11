import { setTimeout as delay } from "node:timers/promises";
import { RpcError } from "@koinon/rpc/rpc-error";

/** Options of asking again. */
export interface PatienceOptions {
  /** How long after its first refusal a request is asked again, in milliseconds. */
  readonly retryMs: number;
}

const PAUSE_MS = 50;
const PAUSE_MS_MAX = 500;

/**
 * Refusals that pass by themselves, given before any money was reserved: a market that is leaving or not there yet, a connection that was
 * not made, no provider to be had at this moment. A connection that broke says the same although the market may have begun; asking again is
 * safe all the same, because a request id is reserved once, and the second time is refused as REQUEST_ALREADY_SEEN.
 */
const PASSING = new Set(["UNAVAILABLE", "DRAINING", "NO_PROVIDER_AVAILABLE"]);

/** Decides for one request whether a failed call is made again, under the same request id, and waits before it is. */
export class Patience {
  readonly #options: PatienceOptions;
  readonly #clock: { now(): number };
  #first: RpcError | undefined;
  #until = 0;
  #pauseMs = PAUSE_MS;

  constructor(options: PatienceOptions, dependencies: { readonly clock: { now(): number } }) {
    this.#options = options;
    this.#clock = dependencies.clock;
  }

  /** Resolves when the call should be made again; throws what the client is to be told, also when the signal aborts. */
  async afterFailure(thrown: unknown, signal: AbortSignal): Promise<void> {
    if (!(thrown instanceof RpcError)) throw thrown;
    // An earlier attempt got further than it could tell, and its failure is the one to tell.
    if (thrown.code === "REQUEST_ALREADY_SEEN") throw this.#first ?? thrown;
    if (!PASSING.has(thrown.code)) throw thrown;
    const now = this.#clock.now();
    if (this.#first === undefined) this.#until = now + this.#options.retryMs;
    this.#first ??= thrown;
    if (now >= this.#until) throw thrown;
    await delay(Math.min(this.#pauseMs, this.#until - now), undefined, { signal }).catch(() => {
      throw thrown;
    });
    this.#pauseMs = Math.min(this.#pauseMs * 2, PAUSE_MS_MAX);
  }
}
