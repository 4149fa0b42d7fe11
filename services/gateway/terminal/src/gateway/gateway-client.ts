import { AnswerReader } from "./answer-reader.ts";
import {
  type ApiKey,
  type CreatedApiKey,
  type NewApiKey,
  readApiKey,
  readApiKeyPage,
  readCreatedApiKey,
} from "./api-keys.ts";
import { type Budget, type BudgetWithdrawal, readBudget, readBudgetWithdrawal } from "./budget.ts";
import { type ContributionPage, readContributionPage } from "./contributions.ts";
import { GatewayCallError } from "./fault.ts";
import { faultFromResponse } from "./fault-from-response.ts";
import { type Model, type Provider, readModels, readProviders } from "./offers.ts";
import { type Page, readSettlement, readSettlementPage, type Settlement } from "./settlements.ts";

/** What the client works with. */
export interface GatewayClientDependencies {
  fetch(path: string, init: RequestInit): Promise<Response>;
  /** The key to call with, now. */
  apiKey(): string | null;
}

interface CallOptions {
  readonly signal: AbortSignal;
  readonly method?: "GET" | "POST" | "DELETE";
  readonly json?: unknown;
  readonly body?: Uint8Array<ArrayBuffer>;
  readonly headers?: Record<string, string>;
  /** Another key than the one in use; null for none. */
  readonly apiKey?: string | null;
}

const bundleBytesMax = 1 << 20;
const pageSize = "50";

/** The gateway's HTTP API, as far as the Terminal uses it. Every method throws GatewayCallError, or the abort of its signal. */
export class GatewayClient {
  readonly #dependencies: GatewayClientDependencies;

  constructor(dependencies: GatewayClientDependencies) {
    this.#dependencies = dependencies;
  }

  /** Posts a chat completion. The body goes out as given; the answer's body has not been read. */
  async postChat(
    body: Uint8Array<ArrayBuffer>,
    headers: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Response> {
    const all = { ...headers, "content-type": "application/json" };
    return this.#call("/v1/chat/completions", { signal, method: "POST", body, headers: all });
  }

  async listModels(signal: AbortSignal): Promise<Model[]> {
    return this.#read("/v1/models", readModels, { signal });
  }

  /** A manifest's bytes; checking that they have the hash is the caller's. */
  async getManifest(hash: string, signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    return readBytes(await this.#call(`/v1/manifests/${encodeURIComponent(hash)}`, { signal }), bundleBytesMax);
  }

  async listProviders(signal: AbortSignal): Promise<Provider[]> {
    return this.#read("/v1/providers", readProviders, { signal });
  }

  async getBudget(signal: AbortSignal): Promise<Budget> {
    return this.#read("/v1/budget", readBudget, { signal });
  }

  async listSettlements(pageToken: string, signal: AbortSignal): Promise<Page<Settlement>> {
    return this.#read(`/v1/receipts?${pageQuery(pageToken)}`, readSettlementPage, { signal });
  }

  async getSettlement(id: string, signal: AbortSignal): Promise<Settlement> {
    return this.#read(`/v1/receipts/${encodeURIComponent(id)}`, readSettlement, { signal });
  }

  /** The proof bundle's bytes, exactly as answered: anchored when that is possible and the trust file (auto) or a node (available) can check it. */
  async getBundle(id: string, anchor: "auto" | "available", signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    const response = await this.#call(`/v1/receipts/${encodeURIComponent(id)}/bundle?anchor=${anchor}`, { signal });
    return readBytes(response, bundleBytesMax);
  }

  async listContributions(pageToken: string, signal: AbortSignal): Promise<ContributionPage> {
    return this.#read(`/v1/contributions?${pageQuery(pageToken)}`, readContributionPage, { signal });
  }

  /** JSON-RPC of the chain that the deployment names; null when there is none. */
  async getChainRpc(signal: AbortSignal): Promise<string | null> {
    return this.#read("/v1/capabilities", (answer) => answer.member("chain_rpc").nullable((rpc) => rpc.text()), {
      signal,
    });
  }

  /** The log's newest checkpoint, a signed note. */
  async getCheckpoint(signal: AbortSignal): Promise<string> {
    const response = await this.#call("/log/checkpoint", { signal, apiKey: null });
    return new TextDecoder().decode(await readBytes(response, bundleBytesMax));
  }

  /** The trust file that this deployment publishes. */
  async getTrustFile(signal: AbortSignal): Promise<Uint8Array<ArrayBuffer>> {
    return readBytes(await this.#call("/trust.json", { signal, apiKey: null }), bundleBytesMax);
  }

  /** The key that calls: what it may do. */
  async getApiKey(options: AdminCall): Promise<ApiKey> {
    return this.#read("/v1/key", readApiKey, options);
  }

  async listApiKeys(pageToken: string, options: AdminCall): Promise<Page<ApiKey>> {
    return this.#read(`/v1/keys?${pageQuery(pageToken)}`, readApiKeyPage, options);
  }

  /** Creates a key; the same creation name never creates two. */
  async createApiKey(key: NewApiKey, creation: string, options: AdminCall): Promise<CreatedApiKey> {
    const json = {
      name: key.name,
      budget: key.budget.toString(),
      scopes: key.scopes,
      ...(key.requestsPerMinute === null ? {} : { requests_per_minute: key.requestsPerMinute }),
      ...(key.expiresAt === null ? {} : { expires_at: key.expiresAt }),
    };
    const headers = { "idempotency-key": creation };
    return this.#read("/v1/keys", readCreatedApiKey, { ...options, method: "POST", json, headers });
  }

  async revokeApiKey(id: string, options: AdminCall): Promise<ApiKey> {
    return this.#read(`/v1/keys/${encodeURIComponent(id)}`, readApiKey, { ...options, method: "DELETE" });
  }

  /** Adds to a key's budget; the same request id adds once. */
  async deposit(id: string, amount: bigint, requestId: string, options: AdminCall): Promise<Budget> {
    const json = { amount: amount.toString(), request_id: requestId };
    return this.#read(`/v1/keys/${encodeURIComponent(id)}/deposit`, readBudget, { ...options, method: "POST", json });
  }

  /** Takes back what is left of a revoked key's budget; the same request id takes once. */
  async withdraw(id: string, requestId: string, options: AdminCall): Promise<BudgetWithdrawal> {
    const json = { request_id: requestId };
    const call = { ...options, method: "POST", json } as const;
    return this.#read(`/v1/keys/${encodeURIComponent(id)}/withdraw`, readBudgetWithdrawal, call);
  }

  async #read<T>(path: string, read: (answer: AnswerReader) => T, options: CallOptions): Promise<T> {
    const response = await this.#call(path, options);
    let value: unknown;
    try {
      value = await response.json();
    } catch (cause) {
      options.signal.throwIfAborted();
      throw new GatewayCallError({ code: "ANSWER_NOT_UNDERSTOOD", where: path }, { cause });
    }
    return read(new AnswerReader(value, path));
  }

  async #call(path: string, options: CallOptions): Promise<Response> {
    const apiKey = options.apiKey === undefined ? this.#dependencies.apiKey() : options.apiKey;
    if (apiKey === null && path.startsWith("/v1/")) throw new GatewayCallError({ code: "NO_KEY" });
    const init = initOf(options, apiKey);
    let response: Response;
    try {
      response = await this.#dependencies.fetch(path, init);
    } catch (cause) {
      options.signal.throwIfAborted();
      throw new GatewayCallError({ code: "UNREACHABLE" }, { cause });
    }
    if (response.ok) return response;
    const body: unknown = await response.json().catch(() => undefined);
    throw new GatewayCallError(faultFromResponse(response.status, response.headers, body));
  }
}

/** How a call of an administrator is made. */
export interface AdminCall {
  readonly signal: AbortSignal;
  /** The administrator's key; left out, the key in use. */
  readonly apiKey?: string;
}

function initOf({ signal, method = "GET", json, body, headers = {} }: CallOptions, apiKey: string | null): RequestInit {
  const all = new Headers(headers);
  if (apiKey !== null) all.set("authorization", `Bearer ${apiKey}`);
  if (json !== undefined) all.set("content-type", "application/json");
  const content = json === undefined ? body : JSON.stringify(json);
  return { method, headers: all, signal, cache: "no-store", ...(content === undefined ? {} : { body: content }) };
}

async function readBytes(response: Response, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(await response.arrayBuffer());
  if (bytes.length > bytesMax) throw new GatewayCallError({ code: "ANSWER_NOT_UNDERSTOOD", where: response.url });
  return bytes;
}

function pageQuery(pageToken: string): string {
  const query = new URLSearchParams({ page_size: pageSize });
  if (pageToken !== "") query.set("page_token", pageToken);
  return query.toString();
}
