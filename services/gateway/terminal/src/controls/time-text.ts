const dateTime = new Intl.DateTimeFormat("en", { dateStyle: "medium", timeStyle: "medium" });
const dateTimeShort = new Intl.DateTimeFormat("en", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
  hour12: false,
});
const steps: readonly (readonly [Intl.RelativeTimeFormatUnit, number])[] = [
  ["day", 86_400_000],
  ["hour", 3_600_000],
  ["minute", 60_000],
];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** A moment, to the second, in the person's time zone. */
export function momentText(at: number): string {
  return dateTime.format(at);
}

/** A moment, to the minute, without its year. */
export function shortMomentText(at: number): string {
  return dateTimeShort.format(at);
}

/** How long ago a moment is. */
export function agoText(at: number, now: number): string {
  const ms = at - now;
  for (const [unit, size] of steps) if (Math.abs(ms) >= size) return relative.format(Math.trunc(ms / size), unit);
  return Math.abs(ms) < 10_000 ? "just now" : `${Math.round(Math.abs(ms) / 1000)} s ago`;
}

/** A duration with as many digits as say something. */
export function durationText(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return ms < 60_000
    ? `${(ms / 1000).toFixed(1)} s`
    : `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}
