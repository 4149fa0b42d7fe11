import { setTimeout } from "node:timers/promises";
import { ContributionAudit } from "@koinon/contributions/audit";
import type { Contribution } from "@koinon/contributions/contribution";
import { createKoinonDomain } from "@koinon/receipts/domain";
import type { Trust } from "@koinon/receipts/trust";
import type { KoinonClient } from "@koinon/sdk/client";
import type { LogFiles } from "./log-files.ts";
import { type OpenedLog, openLog } from "./open-log.ts";
import { compareViews, readPublishedView } from "./published-view.ts";
import { readLog } from "./read-log.ts";

const coveringTriesMax = 20;
const coveringPauseMs = 250;

/** What an audit works on. */
export interface AuditInputs {
  readonly files: LogFiles;
  readonly trust: Trust;
  /** Whose published view is compared; undefined for files alone. */
  readonly client: KoinonClient | undefined;
  readonly signal: AbortSignal;
  /** Told how far it is. */
  progress(entries: bigint, of: bigint): void;
}

/** What an audit found in a log that stands up to it. */
export interface AuditReport {
  readonly origin: string;
  readonly size: bigint;
  readonly root: Uint8Array;
  readonly witnesses: readonly string[];
  readonly contributions: readonly Contribution[];
  /** Size of the tree whose published view was compared and is the same; a text that says why none was. */
  readonly compared: bigint | string;
}

/**
 * Reads a whole log and believes nothing in it but the trust file: checkpoint signatures, tree, every entry, and that the published
 * view says what the log says. Throws LogError or AuditError for what is wrong.
 */
export async function auditLog(inputs: AuditInputs): Promise<AuditReport> {
  const { files, trust, client, signal, progress } = inputs;
  // The view is read first: the checkpoint that is read afterwards covers it, or nearly, and the tree is passed at its size.
  const published = client === undefined ? "there is no gateway to ask" : await readPublishedView(client, signal);
  const { checkpoint, witnesses } = await openCovering(typeof published === "string" ? 0n : published.treeSize, inputs);
  const audit = new ContributionAudit({ domain: createKoinonDomain(trust) });
  let compared: bigint | string =
    typeof published === "string" ? published : "the published view is of a larger tree than the checkpoint";
  const compareAt = (): void => {
    if (typeof published === "string" || audit.size !== published.treeSize) return;
    compareViews(published.contributions, audit.contributions());
    compared = published.treeSize;
  };
  compareAt();
  for await (const entries of readLog(files, checkpoint, signal)) {
    for (const entry of entries) {
      audit.add(entry);
      compareAt();
    }
    progress(audit.size, checkpoint.size);
  }
  const { origin, size, root } = checkpoint;
  return { origin, size, root, witnesses, contributions: audit.contributions(), compared };
}

/** The newest checkpoint; asked for again for a while when it does not cover the published view yet, as it may lag a second behind. */
async function openCovering(size: bigint, { files, trust, signal }: AuditInputs): Promise<OpenedLog> {
  for (let attempt = 0; ; attempt++) {
    const opened = openLog(await files.checkpoint(signal), trust);
    if (opened.checkpoint.size >= size || attempt === coveringTriesMax) return opened;
    await setTimeout(coveringPauseMs, undefined, { signal });
  }
}
