import type { TrustSummary } from "./trust-file.ts";

/** One thing in which two trust files differ. */
export interface TrustChange {
  readonly change: "added" | "removed" | "changed";
  readonly what: "network" | "log" | "witness" | "threshold" | "provider" | "chain" | "anchoring";
  /** For people: the name, and what identifies it. */
  readonly text: string;
}

/** What a new trust file would change. */
export function trustDifference(pinned: TrustSummary, offered: TrustSummary): TrustChange[] {
  const changes: TrustChange[] = [];
  if (pinned.network !== offered.network) {
    changes.push({ change: "changed", what: "network", text: `${pinned.network} → ${offered.network}` });
  }
  const compare = (what: TrustChange["what"], before: readonly string[], after: readonly string[]): void => {
    for (const text of before) if (!after.includes(text)) changes.push({ change: "removed", what, text });
    for (const text of after) if (!before.includes(text)) changes.push({ change: "added", what, text });
  };
  const logs = (summary: TrustSummary): string[] => summary.logs.map(({ origin, vkey }) => `${origin} (${vkey})`);
  const providers = (summary: TrustSummary): string[] => summary.providers.map(({ root, name }) => `${name} (${root})`);
  compare("log", logs(pinned), logs(offered));
  compare("witness", pinned.witnesses, offered.witnesses);
  compare("provider", providers(pinned), providers(offered));
  if (pinned.threshold !== offered.threshold) {
    const text = `${pinned.threshold} → ${offered.threshold} witnesses needed`;
    changes.push({ change: "changed", what: "threshold", text });
  }
  compare("chain", pinned.chains, offered.chains);
  if (pinned.anchorRequired !== offered.anchorRequired) {
    const text = offered.anchorRequired ? "anchors are asked for" : "anchors are no longer asked for";
    changes.push({ change: "changed", what: "anchoring", text });
  }
  return changes;
}
