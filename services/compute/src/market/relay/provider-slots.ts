import type { Address } from "@koinon/secp256k1/address";

/** Bounds of the requests in hand per provider. */
export interface ProviderSlotsOptions {
  /** Requests that may wait for a slot of one provider. */
  readonly queueMax: number;
}

/** A request's place with a provider: in one of its slots, or in the line for one. */
export interface Place {
  /** True when the request has a slot. */
  readonly isAdmitted: boolean;
  /** Resolves when the request has a slot; rejects with the signal's reason when that comes first. */
  admitted(signal: AbortSignal): Promise<void>;
  /** Gives the slot, or the place in line, back; once is enough, more often is harmless. */
  leave(): void;
}

interface Lane {
  active: number;
  capacity: number;
  readonly waiting: Set<Waiting>;
}

interface Waiting {
  readonly admitted: Promise<void>;
  admit(): void;
}

/**
 * Keeps at most `capacity` requests with each provider and lets a bounded number wait in line, first come first served. What this
 * replica knows is its own share; a provider refuses what is too much for it.
 */
export class ProviderSlots {
  readonly #options: ProviderSlotsOptions;
  readonly #lanes = new Map<Address, Lane>();

  constructor(options: ProviderSlotsOptions) {
    this.#options = options;
  }

  /** Requests of this replica that are with the provider now. */
  active(provider: Address): number {
    return this.#lanes.get(provider)?.active ?? 0;
  }

  /** Requests waiting for a slot of any provider. */
  waiting(): number {
    let waiting = 0;
    for (const lane of this.#lanes.values()) waiting += lane.waiting.size;
    return waiting;
  }

  /** Takes a place at once; undefined when the line is full. */
  enter(provider: Address, capacity: number): Place | undefined {
    const lane = this.#lane(provider, capacity);
    if (lane.active < capacity && lane.waiting.size === 0) {
      lane.active++;
      return this.#place(provider, lane, undefined);
    }
    if (lane.waiting.size >= this.#options.queueMax) return undefined;
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiting: Waiting = { admitted: promise, admit: resolve };
    lane.waiting.add(waiting);
    return this.#place(provider, lane, waiting);
  }

  #place(provider: Address, lane: Lane, waiting: Waiting | undefined): Place {
    let left = false;
    const isWaiting = () => waiting !== undefined && lane.waiting.has(waiting);
    return {
      get isAdmitted() {
        return !isWaiting();
      },
      admitted: async (signal) => {
        if (waiting !== undefined && isWaiting()) await orAborted(waiting.admitted, signal);
      },
      leave: () => {
        if (left) return;
        left = true;
        const wasInLine = waiting !== undefined && lane.waiting.delete(waiting);
        if (!wasInLine) lane.active--;
        admitWaiting(lane);
        if (lane.active === 0 && lane.waiting.size === 0) this.#lanes.delete(provider);
      },
    };
  }

  #lane(provider: Address, capacity: number): Lane {
    const lane = this.#lanes.get(provider) ?? { active: 0, capacity, waiting: new Set<Waiting>() };
    this.#lanes.set(provider, lane);
    // A provider that registers again may have grown.
    lane.capacity = capacity;
    admitWaiting(lane);
    return lane;
  }
}

function admitWaiting(lane: Lane): void {
  for (const waiting of lane.waiting) {
    if (lane.active >= lane.capacity) return;
    lane.waiting.delete(waiting);
    lane.active++;
    waiting.admit();
  }
}

async function orAborted(awaited: Promise<void>, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const onAbort = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    await Promise.race([awaited, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
