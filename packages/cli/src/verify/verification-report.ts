import type { Anchor, Verification } from "@koinon/receipts/verification";

const marks = { passed: "✓", failed: "✗", skipped: "–" } as const;
const kinds: Record<Anchor["kind"], string> = {
  network: "network",
  provider: "provider",
  log: "log",
  witness: "witness",
  chain: "chain",
};

/** A verification for people: a verdict that names what failed, every step with what was compared, and what was believed. */
export function verificationReport(result: Verification): string[] {
  const width = Math.max(...result.steps.map(({ name }) => name.length));
  const steps = result.steps.map(({ name, status, detail }) => `  ${marks[status]} ${name.padEnd(width)}  ${detail}`);
  const anchors = result.anchors.map(({ kind, id, name }) => `  ${kinds[kind]} ${name === "" ? id : `${name}: ${id}`}`);
  return [verdictOf(result), ...steps, ...(anchors.length === 0 ? [] : ["relying on", ...anchors])];
}

/** The verdict in one line. */
export function verdictOf({ valid, textChecked, steps, receiptId }: Verification): string {
  const failed = steps.filter(({ status }) => status === "failed").map(({ name }) => name);
  if (!valid) return `INVALID: ${failed.join(", ")}`;
  const scope = textChecked
    ? "request and response are the ones served"
    : `${unchecked(steps)} not given, so ${unchecked(steps).includes(" and ") ? "they were" : "it was"} not checked`;
  return `VALID: receipt ${receiptId}; ${scope}`;
}

/** The same for programs. */
export function verificationJson(result: Verification): object {
  const failed = result.steps.filter(({ status }) => status === "failed").map(({ name }) => name);
  return { ...result, failed };
}

function unchecked(steps: Verification["steps"]): string {
  const skipped = steps.filter(({ name, status }) => status === "skipped" && name.endsWith("-bytes"));
  const names = skipped.map(({ name }) => name.replace("-bytes", ""));
  return names.join(" and ");
}
