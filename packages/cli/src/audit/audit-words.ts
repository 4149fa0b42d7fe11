import { bytesToHex } from "@koinon/secp256k1/hex";
import { amountInWords, countInWords, shortHex, tableInWords, timeInWords } from "../words.ts";
import type { AuditReport } from "./audit-log.ts";
import { summaryOf } from "./published-view.ts";

/** A passed audit for people; names of providers come from the trust file. */
export function auditWords(report: AuditReport, nameOf: (provider: string) => string | undefined): string[] {
  const rows = report.contributions.map((contribution) => [
    nameOf(contribution.provider) ?? shortHex(contribution.provider),
    summaryOf(contribution).kind,
    shortHex(contribution.subject),
    amountInWords(contribution.receipts),
    amountInWords(contribution.inputUnits),
    amountInWords(contribution.outputUnits),
    amountInWords(contribution.fee),
    timeInWords(contribution.lastAt),
  ]);
  const header = ["provider", "kind", "model", "receipts", "input units", "output units", "fee", "last"];
  const cosigned = report.witnesses.length === 0 ? "" : `, cosigned by ${report.witnesses.join(", ")}`;
  return [
    `${report.origin}: ${countInWords(report.size, "entry", "entries")}, signed by the log${cosigned}`,
    `every entry is in the tree with root ${bytesToHex(report.root)} and stands up to its rules`,
    comparisonOf(report),
    "",
    ...(rows.length === 0 ? ["nobody has contributed anything yet"] : tableInWords(header, rows, [3, 4, 5, 6])),
  ];
}

/** A passed audit for programs. */
export function auditJson({ origin, size, root, witnesses, contributions, compared }: AuditReport): object {
  return {
    valid: true,
    origin,
    tree_size: String(size),
    root: bytesToHex(root),
    witnesses,
    compared_tree_size: typeof compared === "bigint" ? String(compared) : null,
    not_compared_because: typeof compared === "string" ? compared : null,
    contributions: contributions.map(summaryOf),
  };
}

function comparisonOf({ compared }: AuditReport): string {
  if (typeof compared === "string") return `the network's own figures were not compared: ${compared}`;
  return `the network's own figures, of the first ${countInWords(compared, "entry", "entries")}, are the same`;
}
