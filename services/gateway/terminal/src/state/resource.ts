import { faultOf, type GatewayFault } from "../gateway/fault.ts";
import { createStore, type ReadableStore, type Store } from "./store.ts";

/** What is known of something that the gateway tells. The last value stays when asking again fails. */
export interface ResourceState<T> {
  readonly value: T | null;
  readonly fault: GatewayFault | null;
  readonly isLoading: boolean;
}

/** Runs something later; answers what cancels it. */
export type Schedule = (action: () => void, delayMs: number) => () => void;

/** What a resource works with. */
export interface ResourceDependencies<T> {
  load(signal: AbortSignal): Promise<T>;
  readonly schedule: Schedule;
  /** False while nobody can see the page: then nothing is asked. */
  isVisible(): boolean;
}

/** A value at the gateway: asked for when wanted, and again and again while somebody watches. One question at a time. */
export class Resource<T> {
  readonly #dependencies: ResourceDependencies<T>;
  readonly #state: Store<ResourceState<T>> = createStore<ResourceState<T>>({
    value: null,
    fault: null,
    isLoading: false,
  });
  readonly #watchers = new Map<symbol, number>();
  #loading: AbortController | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(dependencies: ResourceDependencies<T>) {
    this.#dependencies = dependencies;
  }

  get state(): ReadableStore<ResourceState<T>> {
    return this.#state;
  }

  /** Asks now; an earlier question that is still open is dropped. Never rejects. */
  async refresh(): Promise<void> {
    this.#loading?.abort();
    const loading = new AbortController();
    this.#loading = loading;
    this.#state.update((state) => ({ ...state, isLoading: true }));
    try {
      const value = await this.#dependencies.load(loading.signal);
      if (this.#loading === loading) this.#state.set({ value, fault: null, isLoading: false });
    } catch (error) {
      const fault = faultOf(error);
      if (this.#loading === loading && fault !== undefined)
        this.#state.update(({ value }) => ({ value, fault, isLoading: false }));
    } finally {
      if (this.#loading === loading) this.#loading = undefined;
      this.#rearm();
    }
  }

  /** Forgets the value, as when another key is used. Watchers get the new one. */
  reset(): void {
    this.#loading?.abort();
    this.#loading = undefined;
    this.#state.set({ value: null, fault: null, isLoading: false });
    if (this.#watchers.size > 0) void this.refresh();
  }

  /** Keeps the value at most this old, in milliseconds, until the returned function is called. */
  watch(intervalMs: number): () => void {
    const watcher = Symbol();
    this.#watchers.set(watcher, intervalMs);
    const { value } = this.#state.get();
    if (value === null && this.#loading === undefined) void this.refresh();
    else this.#rearm();
    return () => {
      this.#watchers.delete(watcher);
      this.#rearm();
    };
  }

  #rearm(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#watchers.size === 0) return;
    const intervalMs = Math.min(...this.#watchers.values());
    this.#cancelTimer = this.#dependencies.schedule(() => {
      if (this.#dependencies.isVisible() && this.#loading === undefined) void this.refresh();
      else this.#rearm();
    }, intervalMs);
  }
}
