import type { Contribution } from "@koinon/contributions/contribution";
import { receiptKind } from "@koinon/receipts/receipt";
import type { ContributionSummary } from "@koinon/sdk/answers";
import type { KoinonClient } from "@koinon/sdk/client";
import { ApiError } from "@koinon/sdk/fault";
import { LogError } from "./audit-failure.ts";

/** What the network itself says everybody did, of a tree of that size. */
export interface PublishedView {
  readonly treeSize: bigint;
  readonly contributions: readonly ContributionSummary[];
}

/** The pages of a view that grows belong to different trees; after this many tries the log is too busy to compare. */
const triesMax = 5;
const pageSize = 100;

/** Reads the published view; a text that says why not when the gateway does not give it. */
export async function readPublishedView(client: KoinonClient, signal: AbortSignal): Promise<PublishedView | string> {
  try {
    for (let attempt = 0; attempt < triesMax; attempt++) {
      const view = await readOnce(client, signal);
      if (view !== undefined) return view;
    }
    return "the log grew while its view was being read";
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return error.fault.code === "REFUSED" ? error.fault.problem : error.message;
  }
}

async function readOnce(client: KoinonClient, signal: AbortSignal): Promise<PublishedView | undefined> {
  const contributions: ContributionSummary[] = [];
  let pageToken = "";
  let treeSize: number | undefined;
  do {
    const page = await client.contributions({ pageSize, pageToken, signal });
    if (treeSize !== undefined && page.tree_size !== treeSize) return undefined;
    treeSize = page.tree_size;
    contributions.push(...page.data);
    pageToken = page.next_page_token;
  } while (pageToken !== "");
  return { treeSize: BigInt(treeSize), contributions };
}

/** Throws LogError `VIEW_WRONG` unless the published view says exactly what the log says, in the same order. */
export function compareViews(published: readonly ContributionSummary[], computed: readonly Contribution[]): void {
  const length = Math.max(published.length, computed.length);
  for (let index = 0; index < length; index++) {
    const said = published[index];
    const found = computed[index];
    const [saidText, foundText] = [said && lineOf(said), found && lineOf(summaryOf(found))];
    if (saidText === foundText) continue;
    throw new LogError({
      code: "VIEW_WRONG",
      difference: `published ${saidText ?? "nothing"}; the log says ${foundText ?? "nothing"}`,
    });
  }
}

type Figures = Omit<ContributionSummary, "provider_name" | "model">;

/** A computed contribution as it is published. */
export function summaryOf(contribution: Contribution): Figures {
  return {
    provider: contribution.provider,
    kind: contribution.kind === receiptKind.embedding ? "embedding" : "inference",
    manifest: contribution.subject,
    receipts: Number(contribution.receipts),
    input_units: String(contribution.inputUnits),
    output_units: String(contribution.outputUnits),
    fee: String(contribution.fee),
    first_at: Number(contribution.firstAt),
    last_at: Number(contribution.lastAt),
  };
}

function lineOf(figures: Figures): string {
  const { provider, kind, manifest, receipts, input_units, output_units, fee, first_at, last_at } = figures;
  return [
    provider,
    kind,
    manifest,
    `${receipts} receipts`,
    input_units,
    output_units,
    `fee ${fee}`,
    first_at,
    last_at,
  ].join(" ");
}
