import { createStore, type Store } from "../state/store.ts";
import type { TextStorage } from "../storage/text-storage.ts";

export const themes = ["system", "light", "dark"] as const;
/** What the person chose; "system" follows the system. */
export type Theme = (typeof themes)[number];

/** Also read by public/theme-at-first-paint.js. */
const storageName = "koinon.theme";

/** The chosen theme; every change is kept and shown at once. */
export function createThemeStore(storage: TextStorage, root: { readonly dataset: DOMStringMap }): Store<Theme> {
  const stored = storage.getItem(storageName);
  const theme = createStore<Theme>(themes.find((each) => each === stored) ?? "system");
  const apply = (): void => {
    const chosen = theme.get();
    if (chosen === "system") delete root.dataset.theme;
    else root.dataset.theme = chosen;
  };
  apply();
  theme.subscribe(() => {
    apply();
    storage.setItem(storageName, theme.get());
  });
  return theme;
}
