import { createHash } from "node:crypto";
import { existsSync, mkdirSync } from "node:fs";
import path from "node:path";
import { writePrivateFile } from "@koinon/machine/private-file";
import type { WitnessRefusal } from "@koinon/tlog/witness";

/** Two notes of one log that do not belong to one history, with what a third party needs to see that. */
export interface Evidence {
  readonly refusal: WitnessRefusal;
  /** The last note that this witness cosigned; null when there was none. */
  readonly known: string | null;
  readonly offered: string;
  /** The consistency proof that was tried, hex; it does not lead from one to the other. */
  readonly proof: readonly string[];
  readonly observedAt: number;
}

/** Keeps evidence in a file that its content names, so that the same observation is kept once. Answers the file. */
export function saveEvidence(folder: string, evidence: Evidence): string {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const name = createHash("sha256")
    .update(evidence.known ?? "")
    .update(evidence.offered)
    .digest("hex")
    .slice(0, 16);
  const file = path.join(folder, `${evidence.refusal.reason.toLowerCase()}-${name}.json`);
  const content = JSON.stringify({ format: "koinon.witness-evidence/1", ...evidence }, bigintAsText, 2);
  if (!existsSync(file)) writePrivateFile(file, `${content}\n`);
  return file;
}

function bigintAsText(_name: string, value: unknown): unknown {
  return typeof value === "bigint" ? value.toString() : value;
}
