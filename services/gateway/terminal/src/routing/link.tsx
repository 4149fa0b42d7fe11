import type { ComponentProps, MouseEvent } from "react";
import { useTerminal } from "../terminal-context.ts";
import { pathOfRoute, type Route } from "./route.ts";

/** A link within the Terminal: a real one, so that it can be opened elsewhere, but followed without a reload. */
export function Link({ to, onClick, ...rest }: Omit<ComponentProps<"a">, "href"> & { readonly to: Route }) {
  const { router } = useTerminal();
  const follow = (event: MouseEvent<HTMLAnchorElement>): void => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !isPlain) return;
    event.preventDefault();
    router.navigate(to);
  };
  return <a href={pathOfRoute(to)} onClick={follow} {...rest} />;
}
