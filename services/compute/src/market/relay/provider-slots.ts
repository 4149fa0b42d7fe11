import { invariant } from "@koinon/errors/invariant";
import type { Address } from "@koinon/secp256k1/address";

/** Bounds of the requests in hand per provider. */
export interface ProviderSlotsOptions {
  /** Requests that may wait for a slot of one provider. */
  readonly queueMax: number;
}

interface Lane {
  active: number;
  capacity: number;
  readonly waiting: Set<() => void>;
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

  /** Takes a slot now; false when there is none or others wait for one. */
  tryTake(provider: Address, capacity: number): boolean {
    const lane = this.#lane(provider, capacity);
    if (lane.active >= capacity || lane.waiting.size > 0) return false;
    lane.active++;
    return true;
  }

  /** True when a request may wait for a slot of this provider. */
  hasRoomToWait(provider: Address): boolean {
    return (this.#lanes.get(provider)?.waiting.size ?? 0) < this.#options.queueMax;
  }

  /** Takes a slot when one is free; rejects with the signal's reason when that comes first. Ask `hasRoomToWait` before. */
  async take(provider: Address, capacity: number, signal: AbortSignal): Promise<void> {
    if (this.tryTake(provider, capacity)) return;
    signal.throwIfAborted();
    const lane = this.#lane(provider, capacity);
    invariant(lane.waiting.size < this.#options.queueMax, "a request waits only where there is room");
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const onAbort = () => {
      lane.waiting.delete(resolve);
      this.#forgetIfIdle(provider, lane);
      reject(signal.reason);
    };
    lane.waiting.add(resolve);
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  /** Gives a slot back; called once for each one taken. */
  release(provider: Address): void {
    const lane = this.#lanes.get(provider);
    invariant(lane !== undefined && lane.active > 0, "a slot is released once");
    lane.active--;
    this.#admitWaiting(lane);
    this.#forgetIfIdle(provider, lane);
  }

  #lane(provider: Address, capacity: number): Lane {
    const lane = this.#lanes.get(provider);
    if (lane === undefined) {
      const created: Lane = { active: 0, capacity, waiting: new Set() };
      this.#lanes.set(provider, created);
      return created;
    }
    // A provider that registers again may have grown.
    lane.capacity = capacity;
    this.#admitWaiting(lane);
    return lane;
  }

  #admitWaiting(lane: Lane): void {
    for (const admit of lane.waiting) {
      if (lane.active >= lane.capacity) return;
      lane.waiting.delete(admit);
      lane.active++;
      admit();
    }
  }

  #forgetIfIdle(provider: Address, lane: Lane): void {
    if (lane.active === 0 && lane.waiting.size === 0) this.#lanes.delete(provider);
  }
}
