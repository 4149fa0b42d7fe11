import type { MarketServiceDefinition, Settlement } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { Domain } from "@koinon/eip712/domain";
import type { Client } from "@koinon/rpc/handler";
import { RpcError } from "@koinon/rpc/rpc-error";
import { GatewayError } from "../errors.ts";
import { type ApiRoutes, addRoute, declareRoute, keyOf } from "../http/api-routes.ts";
import { lookupIdToBytes } from "../http/request-id.ts";
import { accountIdOf, type KeyRecord } from "../keys/key-record.ts";
import type { AnchorChoice } from "./anchor-choice.ts";
import type { BundleMaker } from "./bundle-maker.ts";
import {
  bundleQuerySchema,
  receiptListSchema,
  receiptParamsSchema,
  receiptQuerySchema,
  receiptSchema,
} from "./receipt-schemas.ts";
import { createReceiptView } from "./receipt-view.ts";

const listReceipts = declareRoute({
  method: "GET",
  path: "/v1/receipts",
  id: "listReceipts",
  summary: "Requests of the key that asks, newest first",
  tag: "receipts",
  access: "receipts",
  query: receiptQuerySchema,
  answers: { 200: { description: "One page of receipts.", schema: receiptListSchema } },
  errors: [502, 504],
});

const getReceipt = declareRoute({
  method: "GET",
  path: "/v1/receipts/:id",
  id: "getReceipt",
  summary: "One request, by request id or receipt id",
  tag: "receipts",
  access: "receipts",
  params: receiptParamsSchema,
  answers: { 200: { description: "The receipt.", schema: receiptSchema } },
  errors: [404, 502, 504],
});

const getBundle = declareRoute({
  method: "GET",
  path: "/v1/receipts/:id/bundle",
  id: "getBundle",
  summary: "The proof bundle of a request; waits up to 5 s for its place in the log",
  tag: "receipts",
  access: "receipts",
  params: receiptParamsSchema,
  query: bundleQuerySchema,
  answers: {
    200: {
      description: "A koinon.bundle/1 document, or koinon.bundle/2 with an anchored checkpoint.",
      contentTypes: ["application/json"],
    },
  },
  errors: [404, 409, 501, 502, 504],
});

/** What the receipt routes work with. */
export interface ReceiptRouteDependencies {
  readonly market: Pick<Client<MarketServiceDefinition>, "getSettlement" | "listSettlements">;
  readonly bundles: BundleMaker;
  readonly domain: Domain;
}

/** Adds what shows receipts and their proofs. */
export function addReceiptRoutes(routes: ApiRoutes, dependencies: ReceiptRouteDependencies): void {
  const { market, bundles, domain } = dependencies;
  addRoute(routes, listReceipts, async ({ query, raw, signal }) => {
    const key = keyOf(raw);
    if (query.all === "true" && !key.scopes.includes("admin"))
      throw new GatewayError({ code: "MISSING_SCOPE", scope: "admin" });
    const accountId = query.all === "true" ? "" : accountIdOf(key.id);
    const page = await market.listSettlements(
      { accountId, pageSize: query.page_size, pageToken: query.page_token },
      { signal },
    );
    return {
      data: page.settlements.map((settlement) => createReceiptView(settlement, domain)),
      next_page_token: page.nextPageToken,
    };
  });
  addRoute(routes, getReceipt, async ({ params, raw, signal }) => {
    return createReceiptView(await findSettlement(market, params.id, keyOf(raw), signal), domain);
  });
  addRoute(routes, getBundle, async ({ params, query, raw, signal }, reply) => {
    const settlement = await findSettlement(market, params.id, keyOf(raw), signal);
    const bundle = await bundles.make(params.id, settlement, { anchor: query.anchor as AnchorChoice, signal });
    // It opens the commitments, so it is the holder's alone.
    reply.header("content-type", "application/json").header("cache-control", "private, no-store");
    return reply.send(Buffer.from(bundle));
  });
}

/** Owners see their own requests, administrators all; what is another's does not exist. */
async function findSettlement(
  market: ReceiptRouteDependencies["market"],
  id: string,
  key: KeyRecord,
  signal: AbortSignal,
): Promise<Settlement> {
  const bytes = lookupIdToBytes(id);
  if (bytes === undefined) throw new GatewayError({ code: "RECEIPT_UNKNOWN", id });
  const accountId = key.scopes.includes("admin") ? "" : accountIdOf(key.id);
  try {
    const { settlement } = await market.getSettlement({ id: bytes, accountId }, { signal });
    if (settlement !== undefined) return settlement;
  } catch (cause) {
    if (!(cause instanceof RpcError) || cause.status !== "NOT_FOUND") throw cause;
  }
  throw new GatewayError({ code: "RECEIPT_UNKNOWN", id });
}
