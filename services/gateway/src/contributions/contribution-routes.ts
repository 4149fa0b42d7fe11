import type { Contribution, ContributionServiceDefinition } from "@koinon/contracts/koinon/poi/v1/contribution_service";
import { receiptKind } from "@koinon/receipts/receipt";
import type { Client } from "@koinon/rpc/handler";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { z } from "zod";
import { GatewayError } from "../errors.ts";
import { type ApiRoutes, addRoute, declareRoute } from "../http/api-routes.ts";
import {
  addressSchema,
  amountSchema,
  countSchema,
  hashSchema,
  nextPageTokenSchema,
  pageQuerySchema,
  timeSchema,
} from "../http/primitives.ts";
import type { Registry } from "../registry/registry.ts";
import type { RegistryView } from "../registry/views.ts";

const contributionSchema = z.strictObject({
  provider: addressSchema,
  provider_name: z.string().nullable().describe("null when it is not registered now"),
  kind: z.enum(["inference", "embedding"]),
  manifest: hashSchema,
  model: z.string().nullable().describe("null when nobody offers it now"),
  receipts: countSchema,
  input_units: z.string().regex(/^[0-9]+$/),
  output_units: z.string().regex(/^[0-9]+$/),
  fee: amountSchema,
  first_at: timeSchema,
  last_at: timeSchema,
});
type ContributionView = z.infer<typeof contributionSchema>;

const listContributions = declareRoute({
  method: "GET",
  path: "/v1/contributions",
  id: "listContributions",
  summary: "Who did how much, computed from the log alone, largest fee first",
  tag: "network",
  access: "key",
  query: pageQuerySchema,
  answers: {
    200: {
      description: "One page of the view of one tree.",
      schema: z.strictObject({
        tree_size: countSchema,
        data: z.array(contributionSchema),
        next_page_token: nextPageTokenSchema,
      }),
    },
  },
  errors: [501, 502, 504],
});

/** What the contribution route works with. */
export interface ContributionRouteDependencies {
  /** Undefined when the log is switched off. */
  readonly contributions: Client<ContributionServiceDefinition> | undefined;
  readonly registry: Registry;
}

/** Adds the contribution view, with the names that the registry knows. */
export function addContributionRoutes(
  routes: ApiRoutes,
  { contributions, registry }: ContributionRouteDependencies,
): void {
  addRoute(routes, listContributions, async ({ query, signal }) => {
    if (contributions === undefined) throw new GatewayError({ code: "MODULE_DISABLED", module: "poi" });
    const page = await contributions.listContributions(
      { pageSize: query.page_size, pageToken: query.page_token },
      { signal },
    );
    const names = createNames(await registry.view());
    return {
      tree_size: Number(page.treeSize),
      data: page.contributions.map((contribution) => contributionView(contribution, names)),
      next_page_token: page.nextPageToken,
    };
  });
}

interface Names {
  readonly providers: ReadonlyMap<string, string>;
  readonly models: ReadonlyMap<string, string>;
}

function createNames({ providers }: RegistryView): Names {
  const offers = providers.flatMap((provider) => provider.offers);
  return {
    providers: new Map(providers.map(({ address, name }) => [address, name])),
    models: new Map(offers.map(({ manifest, model }) => [manifest, model])),
  };
}

function contributionView(contribution: Contribution, names: Names): ContributionView {
  const provider = bytesToHex(contribution.provider);
  const manifest = bytesToHex(contribution.subject);
  return {
    provider,
    provider_name: names.providers.get(provider) ?? null,
    kind: contribution.kind === receiptKind.embedding ? "embedding" : "inference",
    manifest,
    model: names.models.get(manifest) ?? null,
    receipts: Number(contribution.receipts),
    input_units: contribution.inputUnits,
    output_units: contribution.outputUnits,
    fee: contribution.fee,
    first_at: Number(contribution.firstAtMs),
    last_at: Number(contribution.lastAtMs),
  };
}
