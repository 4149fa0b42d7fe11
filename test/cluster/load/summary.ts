import type { OpenLoop, Sample } from "./open-loop.ts";

/** What a load saw during one event. */
export interface Summary {
  readonly requests: number;
  /** How many ended otherwise than with an answer, by outcome. */
  readonly failures: Readonly<Record<string, number>>;
  readonly medianMs: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

/** Summary of the requests that were due from one moment to another. */
export function summarise(samples: readonly Sample[], fromMs: number, toMs: number): Summary {
  const seen = samples.filter(({ dueMs }) => dueMs >= fromMs && dueMs < toMs);
  const failures: Record<string, number> = {};
  for (const { outcome } of seen) if (outcome !== 200) failures[outcome] = (failures[outcome] ?? 0) + 1;
  const latencies = seen.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  const at = (share: number) =>
    Math.round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0);
  return { requests: seen.length, failures, medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) };
}

/** One row of the table of events, in Markdown. */
export function row(name: string, seconds: number, { requests, failures, medianMs, p99Ms, maxMs }: Summary): string {
  const failed = Object.entries(failures).map(([outcome, count]) => `${count} × ${outcome}`);
  const cells = [name, seconds.toFixed(1), requests, failed.join(", ") || "0", medianMs, p99Ms, maxMs];
  return `| ${cells.join(" | ")} |`;
}

export const tableHead = [
  "| event | s | requests | failed | median ms | p99 ms | max ms |",
  "| --- | --- | --- | --- | --- | --- | --- |",
];

/** Failed requests of an event, one a line with the time at which each was due and its id, to be looked up in the pods' logs. */
export function failuresOf(name: string, load: OpenLoop, fromMs: number, toMs: number): string {
  const failed = load.samples.filter(({ dueMs, outcome }) => dueMs >= fromMs && dueMs < toMs && outcome !== 200);
  const line = ({ dueMs, latencyMs, outcome, requestId }: Sample) =>
    `${load.timeOf(dueMs)} +${Math.round(latencyMs)} ms ${outcome} ${requestId ?? ""} (${name})\n`;
  return failed.map(line).join("");
}
