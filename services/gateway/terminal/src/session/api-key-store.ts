import { createStore, type Store } from "../state/store.ts";
import type { TextStorage } from "../storage/text-storage.ts";

const storageName = "koinon.key";
const keyPattern = /^sk-koinon-[A-Za-z0-9_-]{8,200}$/;

/** The API key in use: what other code reads, and the one place that changes it. */
export interface ApiKeyStore extends Pick<Store<string | null>, "get" | "subscribe"> {
  /** Takes a key; false when it does not look like one. */
  use(key: string): boolean;
  forget(): void;
}

/** True when a text looks like an API key. */
export function isApiKey(text: string): boolean {
  return keyPattern.test(text);
}

/** Creates the store with what an earlier visit left. */
export function createApiKeyStore(storage: TextStorage): ApiKeyStore {
  const stored = storage.getItem(storageName);
  const key = createStore(stored !== null && isApiKey(stored) ? stored : null);
  return {
    get: key.get,
    subscribe: key.subscribe,
    use(text) {
      const trimmed = text.trim();
      if (!isApiKey(trimmed)) return false;
      storage.setItem(storageName, trimmed);
      key.set(trimmed);
      return true;
    },
    forget() {
      storage.removeItem(storageName);
      key.set(null);
    },
  };
}

/**
 * The key in an address such as `/#key=sk-koinon-…`, and the address without it. A fragment never reaches a server or its logs,
 * but it stays in the browser's history unless it is replaced.
 */
export function takeKeyFromAddress(address: URL): { readonly key: string | null; readonly cleaned: string } {
  const parameters = new URLSearchParams(address.hash.slice(1));
  const key = parameters.get("key");
  parameters.delete("key");
  const rest = parameters.size === 0 ? "" : `#${parameters}`;
  return { key, cleaned: `${address.pathname}${address.search}${key === null ? address.hash : rest}` };
}

/** A key as it may be shown: how it starts and ends. */
export function maskKey(key: string): string {
  return `${key.slice(0, 16)}…${key.slice(-4)}`;
}
