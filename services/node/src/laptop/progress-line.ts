import type { Progress } from "@koinon/compute/models/source/progress";

const barWidth = 30;
/** Smaller files come and go before anybody reads a line about them. */
const reportedBytesMin = 1_000_000;

/** Draws one line per download: a moving bar on a terminal, one line per tenth of the way elsewhere. */
export function createProgressPrinter(output: {
  write(text: string): void;
  isTerminal: boolean;
}): (progress: Progress) => void {
  let last = "";
  return ({ phase, what, doneBytes, totalBytes }) => {
    if (totalBytes !== null && totalBytes < reportedBytesMin) return;
    const share = totalBytes === null || totalBytes === 0 ? undefined : Math.min(1, doneBytes / totalBytes);
    const tenth = share === undefined ? "" : String(Math.floor(share * 10));
    const step = output.isTerminal ? `${what}${phase}${Math.floor((share ?? 0) * 100)}` : `${what}${phase}${tenth}`;
    if (step === last) return;
    last = step;
    const line = `  ${phase} ${what}${share === undefined ? "" : ` ${bar(share)} ${megabytes(doneBytes)}`}`;
    if (!output.isTerminal) output.write(`${line}\n`);
    else output.write(`\r\u001b[2K${line}${share === 1 ? "\n" : ""}`);
  };
}

function bar(share: number): string {
  const filled = Math.round(share * barWidth);
  return `[${"#".repeat(filled)}${".".repeat(barWidth - filled)}] ${String(Math.floor(share * 100)).padStart(3)} %`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}
