import type { Anchor, Verification } from "@koinon/receipts/verification";
import type { Hex } from "@koinon/secp256k1/hex";

/** A block that a chain was asked for, because the trust file does not name it. */
export interface AskedBlock {
  readonly hash: Hex;
  /** Undefined when the chain has not finalized such a block, or could not be asked. */
  readonly number: bigint | undefined;
  /** Who was asked. */
  readonly source?: string;
  /** Why nobody could be. */
  readonly problem?: string;
}

const marks = { passed: "✓", failed: "✗", skipped: "–" } as const;
const kinds: Record<Anchor["kind"], string> = {
  network: "network",
  provider: "provider",
  log: "log",
  witness: "witness",
  chain: "chain",
};

/** A verification for people: a verdict that names what failed, every step with what was compared, and what was believed. */
export function verificationReport(result: Verification, asked?: AskedBlock): string[] {
  const width = Math.max(...result.steps.map(({ name }) => name.length));
  const steps = result.steps.map(({ name, status, detail }) => `  ${marks[status]} ${name.padEnd(width)}  ${detail}`);
  const anchors = result.anchors.map(({ kind, id, name }) => `  ${kinds[kind]} ${name === "" ? id : `${name}: ${id}`}`);
  const reliances = [...anchors, ...(asked === undefined ? [] : [`  ${askedInWords(asked)}`])];
  return [verdictOf(result), ...steps, ...(reliances.length === 0 ? [] : ["relying on", ...reliances])];
}

function askedInWords({ hash, number, source, problem }: AskedBlock): string {
  if (problem !== undefined) return `nobody for block ${hash}: ${problem}`;
  if (number === undefined) return `the chain at ${source}, which has finalized no block ${hash}`;
  return `the chain at ${source}, which has finalized block ${number}, ${hash}`;
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
export function verificationJson(result: Verification, asked?: AskedBlock): object {
  const failed = result.steps.filter(({ status }) => status === "failed").map(({ name }) => name);
  if (asked === undefined) return { ...result, failed };
  return { ...result, failed, asked: { ...asked, number: asked.number?.toString() ?? null } };
}

function unchecked(steps: Verification["steps"]): string {
  const skipped = steps.filter(({ name, status }) => status === "skipped" && name.endsWith("-bytes"));
  const names = skipped.map(({ name }) => name.replace("-bytes", ""));
  return names.join(" and ");
}
