/** A place for small texts that stay: the part of `localStorage` that is used. */
export interface TextStorage {
  getItem(name: string): string | null;
  setItem(name: string, value: string): void;
  removeItem(name: string): void;
}

/** The browser's storage; where it is refused (a private window, a policy), one that lasts as long as the page. */
export function browserTextStorage(): TextStorage {
  try {
    const storage = globalThis.localStorage;
    storage.getItem("koinon");
    return storage;
  } catch {
    return memoryTextStorage();
  }
}

/** A storage that forgets. */
export function memoryTextStorage(): TextStorage {
  const texts = new Map<string, string>();
  return {
    getItem: (name) => texts.get(name) ?? null,
    setItem: (name, value) => {
      texts.set(name, value);
    },
    removeItem: (name) => {
      texts.delete(name);
    },
  };
}
