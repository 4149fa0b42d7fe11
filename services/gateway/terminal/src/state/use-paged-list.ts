import { useEffect, useState } from "react";
import type { Page } from "../gateway/settlements.ts";
import { PagedList, type PagedState } from "./paged-list.ts";
import { useStore } from "./use-store.ts";

/** A list read page by page while the component is on the page; read anew when `scope` changes. */
export function usePagedList<T>(
  load: (pageToken: string, signal: AbortSignal) => Promise<Page<T>>,
  scope: string,
): { readonly list: PagedList<T>; readonly state: PagedState<T> } {
  const [list] = useState(() => new PagedList<T>(load));
  useEffect(() => {
    void list.refresh();
    return () => list.stop();
  }, [list, scope]);
  return { list, state: useStore(list.state) };
}
