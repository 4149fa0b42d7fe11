/** A value that can be watched: what React's `useSyncExternalStore` wants, without a library. */
export interface ReadableStore<T> {
  get(): T;
  /** Calls the listener after every change; returns what stops that. */
  subscribe(listener: () => void): () => void;
}

/** A watched value that can be replaced. Values are immutable: the same reference means nothing changed. */
export interface Store<T> extends ReadableStore<T> {
  set(value: T): void;
  update(change: (value: T) => T): void;
}

/** Creates a store with its first value. */
export function createStore<T>(initial: T): Store<T> {
  let value = initial;
  const listeners = new Set<() => void>();
  const set = (next: T): void => {
    if (Object.is(next, value)) return;
    value = next;
    for (const listener of [...listeners]) listener();
  };
  return {
    get: () => value,
    set,
    update: (change) => set(change(value)),
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}
