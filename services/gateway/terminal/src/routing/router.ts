import { createStore, type ReadableStore } from "../state/store.ts";
import { pathOfRoute, type Route, routeFromPath } from "./route.ts";

/** Where the person is, and how to get elsewhere. */
export interface Router {
  readonly route: ReadableStore<Route>;
  navigate(route: Route): void;
  /** Corrects the address without a step in the history. */
  replace(route: Route): void;
}

/** The part of a window that is used. */
export interface RouterWindow {
  readonly location: { readonly pathname: string };
  readonly history: Pick<History, "pushState" | "replaceState">;
  addEventListener(type: "popstate", listener: () => void): void;
}

/** Creates the router over the browser's history. */
export function createRouter(window: RouterWindow): Router {
  const route = createStore(routeFromPath(window.location.pathname));
  window.addEventListener("popstate", () => route.set(routeFromPath(window.location.pathname)));
  return {
    route,
    navigate(next) {
      const path = pathOfRoute(next);
      if (path !== window.location.pathname) window.history.pushState(null, "", path);
      route.set(next);
    },
    replace(next) {
      window.history.replaceState(null, "", pathOfRoute(next));
      route.set(next);
    },
  };
}
