/** Bounds of a circuit breaker. */
export interface CircuitBreakerOptions {
  /** How many outcomes are remembered at most. */
  readonly windowSize: number;
  /** Outcomes older than this are forgotten, in ms. */
  readonly windowMs: number;
  /** The breaker opens only with at least this many outcomes in the window. */
  readonly outcomesMin: number;
  /** It opens when failures are at least this share of the window, 0 to 1. */
  readonly failureRatio: number;
  /** First pause before a trial, in ms; doubles with each failed trial. */
  readonly pauseMs: number;
  /** Longest pause, in ms. */
  readonly pauseMsMax: number;
}

/** closed: works; open: pauses; trial: the pause is over and one request may try. */
export type CircuitState = "closed" | "open" | "trial";

interface Outcome {
  readonly at: number;
  readonly failed: boolean;
}

/**
 * Stops sending work to a provider that fails most of it, and lets one request at a time find out whether it has recovered.
 * Every `enter` is followed by exactly one `succeed`, `fail` or `abandon`. All times are ms since the epoch.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #outcomes: Outcome[] = [];
  #openUntil: number | undefined;
  #pauseMs: number;
  #trialUnderWay = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
    this.#pauseMs = options.pauseMs;
  }

  state(now: number): CircuitState {
    if (this.#openUntil === undefined) return "closed";
    return now < this.#openUntil ? "open" : "trial";
  }

  /** True when a request may go now. */
  admits(now: number): boolean {
    const state = this.state(now);
    return state === "closed" || (state === "trial" && !this.#trialUnderWay);
  }

  /** Takes a request in; a request admitted in a trial is the trial. */
  enter(now: number): void {
    if (this.state(now) === "trial") this.#trialUnderWay = true;
  }

  /** A request was served. */
  succeed(now: number): void {
    if (this.#openUntil !== undefined) {
      // One success after the pause closes the circuit: what is remembered from before says nothing about now.
      if (this.state(now) !== "trial") return;
      this.#openUntil = undefined;
      this.#trialUnderWay = false;
      this.#pauseMs = this.#options.pauseMs;
      this.#outcomes = [];
    }
    this.#remember({ at: now, failed: false });
  }

  /** A request failed for a reason that is the provider's. */
  fail(now: number): void {
    if (this.#openUntil !== undefined) {
      // Requests sent before the circuit opened may still fail; only a trial makes the pause longer.
      if (!this.#trialUnderWay) return;
      this.#trialUnderWay = false;
      this.#pauseMs = Math.min(this.#pauseMs * 2, this.#options.pauseMsMax);
      this.#openUntil = now + this.#pauseMs;
      return;
    }
    this.#remember({ at: now, failed: true });
    const failures = this.#outcomes.filter(({ failed }) => failed).length;
    if (this.#outcomes.length < this.#options.outcomesMin) return;
    if (failures >= this.#outcomes.length * this.#options.failureRatio) this.#openUntil = now + this.#pauseMs;
  }

  /** A request ended in a way that says nothing about the provider. */
  abandon(): void {
    this.#trialUnderWay = false;
  }

  #remember(outcome: Outcome): void {
    const oldest = outcome.at - this.#options.windowMs;
    this.#outcomes = this.#outcomes.filter(({ at }) => at > oldest).slice(1 - this.#options.windowSize);
    this.#outcomes.push(outcome);
  }
}
