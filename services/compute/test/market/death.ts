import type { MarketStorage } from "../../src/market/storage.ts";

type Step = keyof MarketStorage["money"];

const never = () => new Promise<never>(() => undefined);

/** The store with one step done otherwise. */
export function replaceStep<S extends object, K extends keyof S>(store: S, replaced: K, by: S[K]): S {
  return new Proxy(store, {
    get: (target, step) => {
      if (step === replaced) return by;
      const value: unknown = Reflect.get(target, step, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

/** The stores of a process that knows of no balance: nothing goes out before its reservation counts. */
export function knowingNothing(storage: MarketStorage): MarketStorage {
  return { ...storage, money: replaceStep(storage.money, "isLikely", () => false) };
}

/** The stores of a process that thinks every budget suffices; what goes out ahead is reserved like this. */
export function sureOfAll(storage: MarketStorage, reserveAhead: MarketStorage["money"]["reserveAhead"]): MarketStorage {
  const sure = replaceStep(storage.money, "isLikely", () => true);
  return { ...storage, money: replaceStep(sure, "reserveAhead", reserveAhead) };
}

/** The death of a process, as its stores see it: from then on nothing it does arrives. */
export class Death {
  readonly name: string;
  now = false;

  constructor(name: string) {
    this.name = name;
  }

  /** Lets everything through until death. */
  readonly wrap = (storage: MarketStorage): MarketStorage => this.#wrapped(storage, undefined, undefined);

  /** Dies right before this step of the money store. */
  before(step: Step): (storage: MarketStorage) => MarketStorage {
    return (storage) => this.#wrapped(storage, step, undefined);
  }

  /** Lives on, but this step of the money store is never done any more. */
  losing(step: Step): (storage: MarketStorage) => MarketStorage {
    return (storage) => this.wrap({ ...storage, money: replaceStep(storage.money, step, never) });
  }

  /** Dies right after this step of the money store; its caller never learns that it was done. */
  after(step: Step): (storage: MarketStorage) => MarketStorage {
    return (storage) => this.#wrapped(storage, undefined, step);
  }

  #wrapped(storage: MarketStorage, before: string | undefined, after: string | undefined): MarketStorage {
    return {
      ...storage,
      money: this.#mortal(storage.money, before, after),
      registry: this.#mortal(storage.registry, undefined, undefined),
      instances: this.#mortal(storage.instances, undefined, undefined),
    };
  }

  #mortal<T extends object>(store: T, before: string | undefined, after: string | undefined): T {
    return new Proxy(store, {
      get: (target, step, receiver) => {
        const value: unknown = Reflect.get(target, step, receiver);
        if (typeof value !== "function") return value;
        // No step: the process asks its own memory.
        if (step === "isLikely") return value.bind(target);
        return async (...parameters: unknown[]) => {
          if (step === before) this.now = true;
          if (this.now) return await never();
          const result: unknown = await value.apply(target, parameters);
          if (step === after) this.now = true;
          return this.now ? await never() : result;
        };
      },
    });
  }
}
