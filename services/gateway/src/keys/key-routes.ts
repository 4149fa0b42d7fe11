import type { PageTokens } from "@koinon/postgres/page-token";
import { RpcError } from "@koinon/rpc/rpc-error";
import { GatewayError, invalidRequest } from "../errors.ts";
import { type ApiRoutes, addRoute, declareRoute, keyOf } from "../http/api-routes.ts";
import { type PageQuery, pageQuerySchema } from "../http/primitives.ts";
import type { KeyStore } from "../store/key-store.ts";
import { apiKeyPrefix } from "./api-key.ts";
import type { Budgets } from "./budgets.ts";
import type { KeyCache } from "./key-cache.ts";
import type { KeyIssuer } from "./key-issuer.ts";
import type { KeyRecord } from "./key-record.ts";
import {
  type Budget,
  budgetSchema,
  createdKeySchema,
  createKeySchema,
  depositSchema,
  type KeyView,
  keyListSchema,
  keyParamsSchema,
  keySchema,
  withdrawalSchema,
  withdrawSchema,
} from "./key-schemas.ts";

const getBudget = declareRoute({
  method: "GET",
  path: "/v1/budget",
  id: "getBudget",
  summary: "The budget of the key that asks",
  tag: "budget",
  access: "key",
  answers: { 200: { description: "The budget now.", schema: budgetSchema } },
  errors: [404, 502, 504],
});

const getKey = declareRoute({
  method: "GET",
  path: "/v1/key",
  id: "getKey",
  summary: "The key that asks: what it may do, and its budget",
  tag: "keys",
  access: "key",
  answers: { 200: { description: "The key.", schema: keySchema } },
  errors: [502, 504],
});

const listKeys = declareRoute({
  method: "GET",
  path: "/v1/keys",
  id: "listKeys",
  summary: "API keys, newest first",
  tag: "keys",
  access: "admin",
  query: pageQuerySchema,
  answers: { 200: { description: "One page of keys.", schema: keyListSchema } },
  errors: [502, 504],
});

const createKey = declareRoute({
  method: "POST",
  path: "/v1/keys",
  id: "createKey",
  summary: "Create an API key with a budget",
  tag: "keys",
  access: "admin",
  body: createKeySchema,
  requestHeaders: { "idempotency-key": "names the creation: repeating it answers the same key" },
  answers: { 201: { description: "The key; its text is not shown again.", schema: createdKeySchema } },
  errors: [409, 502, 504],
});

const revokeKey = declareRoute({
  method: "DELETE",
  path: "/v1/keys/:id",
  id: "revokeKey",
  summary: "Revoke an API key for good",
  tag: "keys",
  access: "admin",
  params: keyParamsSchema,
  answers: { 200: { description: "The key as it is now.", schema: keySchema } },
  errors: [404, 502, 504],
});

const deposit = declareRoute({
  method: "POST",
  path: "/v1/keys/:id/deposit",
  id: "deposit",
  summary: "Add to the budget of a key",
  tag: "keys",
  access: "admin",
  params: keyParamsSchema,
  body: depositSchema,
  answers: { 200: { description: "The budget after.", schema: budgetSchema } },
  errors: [404, 409, 502, 504],
});

const withdraw = declareRoute({
  method: "POST",
  path: "/v1/keys/:id/withdraw",
  id: "withdraw",
  summary: "Take back what is left of a revoked key's budget; what is reserved stays until its requests end",
  tag: "keys",
  access: "admin",
  params: keyParamsSchema,
  body: withdrawSchema,
  answers: { 200: { description: "What went back, and the budget after.", schema: withdrawalSchema } },
  errors: [404, 409, 502, 504],
});

/** What the key routes work with. */
export interface KeyRouteDependencies {
  readonly store: KeyStore;
  readonly cache: Pick<KeyCache, "forget">;
  readonly issuer: KeyIssuer;
  readonly budgets: Budgets;
  readonly pageTokens: PageTokens;
  readonly clock: { now(): number };
}

const CREATION_LENGTH_MAX = 255;

/** Adds what shows and changes keys and their budgets. */
export function addKeyRoutes(routes: ApiRoutes, dependencies: KeyRouteDependencies): void {
  const { store, cache, issuer, budgets, clock } = dependencies;
  addRoute(routes, getBudget, ({ raw, signal }) => budgets.get(keyOf(raw).id, signal));
  addRoute(routes, getKey, async ({ raw, signal }) => {
    const record = keyOf(raw);
    return keyView(record, await budgetIfThere(record, budgets, signal));
  });
  addRoute(routes, listKeys, ({ query, signal }) => listPage(query, dependencies, signal));
  addRoute(routes, createKey, async ({ body, raw, signal }, reply) => {
    if (typeof body.expires_at === "number" && body.expires_at <= clock.now())
      throw invalidRequest("expires_at", "it has passed");
    const origin = { creator: keyOf(raw).id, creation: creationNameOf(raw.headers["idempotency-key"]) };
    const { record, text, budget } = await issuer.issue(body, origin, signal);
    reply.code(201);
    return { ...keyView(record, budget ?? (await budgetIfThere(record, budgets, signal))), key: text };
  });
  addRoute(routes, revokeKey, async ({ params, signal }) => {
    const record = await store.revoke(params.id, clock.now(), signal);
    if (record === undefined) throw new GatewayError({ code: "KEY_UNKNOWN", key: params.id });
    cache.forget(record.id);
    return keyView(record, await budgetIfThere(record, budgets, signal));
  });
  addRoute(routes, deposit, async ({ params, body, signal }) => {
    if ((await store.find(params.id, signal)) === undefined)
      throw new GatewayError({ code: "KEY_UNKNOWN", key: params.id });
    return budgets.deposit(params.id, body.amount, body.request_id, signal);
  });
  addRoute(routes, withdraw, async ({ params, body, signal }) => {
    const record = await store.find(params.id, signal);
    if (record === undefined) throw new GatewayError({ code: "KEY_UNKNOWN", key: params.id });
    if (record.revokedAtMs === null) throw new GatewayError({ code: "KEY_NOT_REVOKED", key: params.id });
    return budgets.withdraw(params.id, body.request_id, signal);
  });
}

async function listPage(
  { page_size, page_token }: PageQuery,
  { store, budgets, pageTokens }: KeyRouteDependencies,
  signal: AbortSignal,
) {
  const position = pageTokens.open("keys", {}, page_token);
  const after = position === undefined ? undefined : { createdAtMs: Number(position[0]), id: String(position[1]) };
  const page = await store.list(page_size + 1, after, signal);
  const records = page.slice(0, page_size);
  const last = records.at(-1);
  const found = await budgetsIfThere(records, budgets, signal);
  const data = records.map((record) => keyView(record, found.get(record.id) ?? null));
  const more = page.length > page_size && last !== undefined;
  return { data, next_page_token: more ? pageTokens.issue("keys", {}, [String(last.createdAtMs), last.id]) : "" };
}

async function budgetIfThere(record: KeyRecord, budgets: Budgets, signal: AbortSignal): Promise<Budget | null> {
  return (await budgetsIfThere([record], budgets, signal)).get(record.id) ?? null;
}

/** Keys can be listed and revoked also while the market is down: their budgets are then unknown. */
async function budgetsIfThere(
  records: readonly KeyRecord[],
  budgets: Budgets,
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Budget>> {
  const opened = records.filter(({ state }) => state !== "opening");
  try {
    return await budgets.getAll(
      opened.map(({ id }) => id),
      signal,
    );
  } catch (error) {
    if (error instanceof RpcError) return new Map();
    throw error;
  }
}

function keyView(record: KeyRecord, budget: Budget | null): KeyView {
  return {
    id: record.id,
    name: record.name,
    prefix: apiKeyPrefix(record.id),
    scopes: [...record.scopes],
    consumer: record.consumer,
    state: record.state,
    created_at: record.createdAtMs,
    expires_at: record.expiresAtMs,
    revoked_at: record.revokedAtMs,
    requests_per_minute: record.requestsPerMinute,
    budget,
  };
}

function creationNameOf(header: string | string[] | undefined): string | null {
  if (header === undefined) return null;
  if (typeof header === "string" && header.length > 0 && header.length <= CREATION_LENGTH_MAX) return header;
  throw invalidRequest("idempotency-key", `1 to ${CREATION_LENGTH_MAX} characters are required`);
}
