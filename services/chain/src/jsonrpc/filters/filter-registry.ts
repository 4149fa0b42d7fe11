import type { Clock } from "@koinon/runtime/clock";
import type { Random } from "@koinon/runtime/random";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { serverError } from "../json-rpc-error.ts";
import type { Filter } from "./filter.ts";

/** Bounds of the registry. */
export interface FilterRegistryOptions {
  readonly filtersMax: number;
  readonly filterLifetimeMs: number;
}

/** What it needs. */
export interface FilterRegistryDependencies {
  readonly clock: Clock;
  readonly random: Random;
}

interface Entry {
  readonly filter: Filter;
  askedAtMs: number;
}

/** Filters that clients poll, by id. A filter that nobody asks for a while is forgotten; ids can not be guessed. */
export class FilterRegistry {
  readonly #options: FilterRegistryOptions;
  readonly #clock: Clock;
  readonly #random: Random;
  /** In the order in which they were last asked. */
  readonly #entries = new Map<Hex, Entry>();

  constructor(options: FilterRegistryOptions, { clock, random }: FilterRegistryDependencies) {
    this.#options = options;
    this.#clock = clock;
    this.#random = random;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Registers a filter; throws "too many filters" when there is no room. */
  add(create: () => Filter): Hex {
    this.#dropExpired();
    if (this.#entries.size >= this.#options.filtersMax) throw serverError("too many filters");
    const id = bytesToHex(this.#random.bytes(16));
    this.#entries.set(id, { filter: create(), askedAtMs: this.#clock.now() });
    return id;
  }

  /** The filter, which lives longer for it; throws "filter not found". */
  get(id: Hex): Filter {
    this.#dropExpired();
    const entry = this.#entries.get(id);
    if (entry === undefined) throw serverError("filter not found");
    entry.askedAtMs = this.#clock.now();
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry.filter;
  }

  /** Forgets a filter; false when there is none. */
  remove(id: Hex): boolean {
    const entry = this.#entries.get(id);
    entry?.filter.close();
    return this.#entries.delete(id);
  }

  /** Forgets all. */
  close(): void {
    for (const id of [...this.#entries.keys()]) this.remove(id);
  }

  #dropExpired(): void {
    const oldest = this.#clock.now() - this.#options.filterLifetimeMs;
    for (const [id, { askedAtMs }] of this.#entries) {
      if (askedAtMs > oldest) return;
      this.remove(id);
    }
  }
}
