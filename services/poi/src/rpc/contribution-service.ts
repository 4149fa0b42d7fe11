import {
  type Contribution as ContributionMessage,
  ContributionServiceDefinition,
} from "@koinon/contracts/koinon/poi/v1/contribution_service";
import type { Contribution } from "@koinon/contributions/contribution";
import type { Database } from "@koinon/postgres/database";
import type { PageTokens } from "@koinon/postgres/page-token";
import { bindService, type FaultTable, type ServiceBinding } from "@koinon/rpc/binding";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { PoiError } from "../errors.ts";
import { type ContributionPosition, listContributions } from "../store/contribution-store.ts";

const listName = "contributions";
const pageSizeDefault = 50;
const pageSizeMax = 100;

const faults: FaultTable = {
  REQUEST_INVALID: "INVALID_ARGUMENT",
  PAGE_TOKEN_INVALID: "INVALID_ARGUMENT",
  DATABASE_UNREACHABLE: { status: "UNAVAILABLE", retryAfterMs: 1_000 },
  DATABASE_OVERLOADED: { status: "RESOURCE_EXHAUSTED", retryAfterMs: 1_000 },
};

/** The contribution view over RPC. */
export function bindContributionService({
  database,
  pageTokens,
}: {
  readonly database: Database;
  readonly pageTokens: PageTokens;
}): ServiceBinding {
  return bindService({
    definition: ContributionServiceDefinition,
    callers: ["gateway"],
    faults,
    handlers: {
      async listContributions({ pageSize, pageToken }) {
        if (pageSize > pageSizeMax) throw new PoiError({ code: "REQUEST_INVALID", field: "page_size" });
        const limit = pageSize === 0 ? pageSizeDefault : pageSize;
        const after = positionFrom(pageTokens.open(listName, {}, pageToken));
        // One more tells whether there is a next page.
        const { treeSize, contributions } = await listContributions(database, after, limit + 1);
        const page = contributions.slice(0, limit);
        const last = contributions.length > limit ? page.at(-1) : undefined;
        return {
          treeSize,
          contributions: page.map(encodeContribution),
          nextPageToken: last === undefined ? "" : pageTokens.issue(listName, {}, positionOf(last)),
        };
      },
    },
  });
}

function encodeContribution(contribution: Contribution): ContributionMessage {
  return {
    provider: hexToBytes(contribution.provider),
    kind: contribution.kind,
    subject: hexToBytes(contribution.subject),
    receipts: contribution.receipts,
    inputUnits: contribution.inputUnits.toString(),
    outputUnits: contribution.outputUnits.toString(),
    fee: contribution.fee.toString(),
    firstAtMs: contribution.firstAt,
    lastAtMs: contribution.lastAt,
  };
}

function positionOf({ fee, provider, kind, subject }: Contribution): string[] {
  return [fee.toString(), provider, kind.toString(), subject];
}

function positionFrom(parts: readonly string[] | undefined): ContributionPosition | undefined {
  if (parts === undefined) return undefined;
  // Authentic, so it is what positionOf wrote.
  const [fee = "0", provider, kind, subject] = parts;
  return { fee: BigInt(fee), provider: provider as Hex, kind: Number(kind), subject: subject as Hex };
}
