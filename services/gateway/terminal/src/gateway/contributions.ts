import type { AnswerReader } from "./answer-reader.ts";
import { type Page, readNextPageToken } from "./settlements.ts";

/** What one party did, by kind of work and model, as the log alone says. */
export interface Contribution {
  readonly provider: string;
  readonly providerName: string | null;
  readonly kind: "inference" | "embedding";
  readonly manifest: string;
  readonly model: string | null;
  readonly receipts: number;
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
  readonly fee: bigint;
  readonly firstAt: number;
  readonly lastAt: number;
}

/** One page of the view of one tree. */
export interface ContributionPage extends Page<Contribution> {
  readonly treeSize: number;
}

/** Reads one page of `GET /v1/contributions`. */
export function readContributionPage(answer: AnswerReader): ContributionPage {
  return {
    treeSize: answer.member("tree_size").count(),
    nextPageToken: readNextPageToken(answer),
    items: answer.member("data").list((item) => ({
      provider: item.member("provider").text(),
      providerName: item.member("provider_name").nullable((name) => name.text()),
      kind: item.member("kind").oneOf(["inference", "embedding"]),
      manifest: item.member("manifest").text(),
      model: item.member("model").nullable((name) => name.text()),
      receipts: item.member("receipts").count(),
      inputUnits: item.member("input_units").amount(),
      outputUnits: item.member("output_units").amount(),
      fee: item.member("fee").amount(),
      firstAt: item.member("first_at").count(),
      lastAt: item.member("last_at").count(),
    })),
  };
}
