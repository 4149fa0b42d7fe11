import { faultOf, type GatewayFault } from "../gateway/fault.ts";
import type { Page } from "../gateway/settlements.ts";
import { createStore, type ReadableStore } from "./store.ts";

/** A list that is read page by page. */
export interface PagedState<T> {
  readonly items: readonly T[];
  /** True while there is more to read. */
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  readonly fault: GatewayFault | null;
}

const itemsMax = 2_000;

/** Reads a list of the gateway page by page, as far as somebody wants to see it. */
export class PagedList<T> {
  readonly #load: (pageToken: string, signal: AbortSignal) => Promise<Page<T>>;
  readonly #state = createStore<PagedState<T>>({ items: [], hasMore: false, isLoading: false, fault: null });
  #loading: AbortController | undefined;
  #next = "";

  constructor(load: (pageToken: string, signal: AbortSignal) => Promise<Page<T>>) {
    this.#load = load;
  }

  get state(): ReadableStore<PagedState<T>> {
    return this.#state;
  }

  /** Reads the first page; what was there stays in view until it has come. Never rejects. */
  async refresh(): Promise<void> {
    await this.#read("", () => []);
  }

  /** Reads the next page. */
  async more(): Promise<void> {
    if (this.#next !== "" && this.#loading === undefined) await this.#read(this.#next, (items) => items);
  }

  /** Drops what is being read. */
  stop(): void {
    this.#loading?.abort();
    this.#loading = undefined;
  }

  async #read(pageToken: string, kept: (items: readonly T[]) => readonly T[]): Promise<void> {
    this.stop();
    const loading = new AbortController();
    this.#loading = loading;
    this.#state.update((state) => ({ ...state, isLoading: true }));
    try {
      const page = await this.#load(pageToken, loading.signal);
      if (this.#loading !== loading) return;
      const items = [...kept(this.#state.get().items), ...page.items].slice(0, itemsMax);
      this.#next = items.length < itemsMax ? page.nextPageToken : "";
      this.#state.set({ items, hasMore: this.#next !== "", isLoading: false, fault: null });
    } catch (error) {
      const fault = faultOf(error);
      if (this.#loading === loading && fault !== undefined)
        this.#state.update((state) => ({ ...state, isLoading: false, fault }));
    } finally {
      if (this.#loading === loading) this.#loading = undefined;
    }
  }
}
