import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

const nearPx = 64;

/** A scrolling place that follows what grows at its end, until the person scrolls up. */
export interface StickToBottom {
  readonly scroller: RefObject<HTMLDivElement | null>;
  readonly content: RefObject<HTMLDivElement | null>;
  readonly isAtBottom: boolean;
  /** Goes to the end and follows it again. */
  stick(): void;
}

/** Follows the end of a growing content; while it is not enabled the beginning stays in view. */
export function useStickToBottom(isEnabled: boolean): StickToBottom {
  const scroller = useRef<HTMLDivElement>(null);
  const content = useRef<HTMLDivElement>(null);
  const follows = useRef(true);
  const enabled = useRef(isEnabled);
  enabled.current = isEnabled;
  const [isAtBottom, setAtBottom] = useState(true);
  const stick = useCallback(() => {
    follows.current = true;
    setAtBottom(true);
    scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, []);
  useEffect(() => {
    const [place, grown] = [scroller.current, content.current];
    if (place === null || grown === null) return;
    let lastTop = place.scrollTop;
    const onScroll = (): void => {
      const isNear = place.scrollHeight - place.scrollTop - place.clientHeight < nearPx;
      // Content that grows moves the end away without anybody scrolling: only upward movement means "let me read".
      if (isNear) follows.current = true;
      else if (place.scrollTop < lastTop) follows.current = false;
      lastTop = place.scrollTop;
      setAtBottom(isNear || follows.current);
    };
    const observer = new ResizeObserver(() => {
      if (enabled.current && follows.current) place.scrollTo({ top: place.scrollHeight });
    });
    observer.observe(grown);
    observer.observe(place);
    place.addEventListener("scroll", onScroll, { passive: true });
    return () => {
      observer.disconnect();
      place.removeEventListener("scroll", onScroll);
    };
  }, []);
  return { scroller, content, isAtBottom, stick };
}
