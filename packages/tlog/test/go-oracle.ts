import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A question to the Go program in go-oracle/; see its type `question`. Bytes travel as base64. */
export interface Question {
  op: "sign" | "open" | "checkpoint" | "tree" | "checkInclusion" | "checkConsistency" | "tilePath";
  text?: string;
  key?: string;
  leaves?: string[];
  from?: number;
  size?: number;
  index?: number;
  proof?: string[];
  oldRoot?: string;
  root?: string;
  leaf?: string;
  level?: number;
  width?: number;
}

/** What Go answered. */
export interface Answer {
  ok: boolean;
  text?: string;
  root?: string;
  proof?: string[];
  tiles?: Record<string, string>;
  reason?: string;
}

/** True when Go is on PATH. */
export function hasGo(): boolean {
  return spawnSync("go", ["version"]).status === 0;
}

/** Asks golang.org/x/mod/sumdb, all questions in one run of the program. */
export function askGo(questions: readonly Question[]): Answer[] {
  const run = spawnSync("go", ["run", "."], {
    cwd: fileURLToPath(new URL("./go-oracle/", import.meta.url)),
    input: JSON.stringify(questions),
    maxBuffer: 64 * 1024 * 1024,
    timeout: 120_000,
  });
  if (run.status !== 0) throw new Error(`go run: ${run.stderr}`);
  return JSON.parse(run.stdout.toString()) as Answer[];
}
