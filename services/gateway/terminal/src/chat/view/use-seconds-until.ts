import { useEffect, useState } from "react";
import { useTerminal } from "../../terminal-context.ts";

/** Whole seconds until a moment, counting down to 0; 0 for none. */
export function useSecondsUntil(at: number | null): number {
  const { now } = useTerminal();
  const [seconds, setSeconds] = useState(() => secondsUntil(at, now()));
  useEffect(() => {
    const timer = setInterval(() => {
      const left = secondsUntil(at, now());
      setSeconds(left);
      if (left === 0) clearInterval(timer);
    }, 250);
    return () => clearInterval(timer);
  }, [at, now]);
  return seconds;
}

function secondsUntil(at: number | null, now: number): number {
  return at === null ? 0 : Math.max(0, Math.ceil((at - now) / 1000));
}
