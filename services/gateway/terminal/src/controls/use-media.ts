import { useSyncExternalStore } from "react";

/** True while a media query holds. */
export function useMedia(query: string): boolean {
  return useSyncExternalStore(
    (listener) => {
      const media = matchMedia(query);
      media.addEventListener("change", listener);
      return () => media.removeEventListener("change", listener);
    },
    () => matchMedia(query).matches,
  );
}

/** The side panel fits beside the page from here on. */
export const wideQuery = "(min-width: 75rem)";
/** The sidebar is gone and the tab bar is there up to here. */
export const narrowQuery = "(max-width: 51.99rem)";
