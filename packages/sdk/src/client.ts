import type {
  ApiKey,
  Budget,
  BudgetWithdrawal,
  Capabilities,
  ContributionPage,
  CreatedApiKey,
  Model,
  NewApiKey,
  Page,
  Provider,
  ReceiptSummary,
} from "./answers.ts";
import { isRefusal } from "./fault.ts";
import { LogClient } from "./log-client.ts";
import { type CallOptions, Transport, type TransportOptions } from "./transport.ts";

/** Which page of a list. */
export interface PageOptions extends CallOptions {
  /** At most 100; 50 when left out. */
  readonly pageSize?: number;
  readonly pageToken?: string;
}

/** The gateway's own routes, for programs and browsers. Answers are as on the wire; every call throws ApiError. */
export class KoinonClient {
  readonly log: LogClient;
  readonly #transport: Transport;

  constructor(options: TransportOptions) {
    this.#transport = new Transport(options);
    this.log = new LogClient(this.#transport);
  }

  /** The budget of this key. */
  budget(options: CallOptions = {}): Promise<Budget> {
    return this.#transport.json("/v1/budget", options);
  }

  /** Every model on offer, with prices per provider. */
  async models(options: CallOptions = {}): Promise<readonly Model[]> {
    return (await this.#transport.json<{ data: readonly Model[] }>("/v1/models", options)).data;
  }

  /** One model by its name or manifest hash. */
  model(id: string, options: CallOptions = {}): Promise<Model> {
    return this.#transport.json(`/v1/models/${encodeURIComponent(id)}`, options);
  }

  /** Every registered provider. */
  async providers(options: CallOptions = {}): Promise<readonly Provider[]> {
    return (await this.#transport.json<{ data: readonly Provider[] }>("/v1/providers", options)).data;
  }

  /** Requests of this key, newest first; with `all`, of every key, which needs the scope admin. */
  receipts({ all, ...options }: PageOptions & { readonly all?: boolean } = {}): Promise<Page<ReceiptSummary>> {
    return this.#transport.json("/v1/receipts", { ...pageCall(options), query: { ...pageCall(options).query, all } });
  }

  /** One request by its request id or receipt id. */
  receipt(id: string, options: CallOptions = {}): Promise<ReceiptSummary> {
    return this.#transport.json(`/v1/receipts/${encodeURIComponent(id)}`, options);
  }

  /**
   * The proof bundle of a request, unverified. The gateway waits some seconds for the receipt's place in the log; with `waitMs`
   * this client asks again for up to that long while it answers NOT_LOGGED_YET. `anchor` is the gateway's query parameter: `none`,
   * `any`, `available` (any, if there is one), or the hash of a block that shows the anchor; without it the gateway chooses.
   */
  async bundle(
    id: string,
    { waitMs = 0, anchor, signal }: CallOptions & { readonly waitMs?: number; readonly anchor?: string } = {},
  ): Promise<Uint8Array> {
    const path = `/v1/receipts/${encodeURIComponent(id)}/bundle`;
    const call = {
      ...(signal === undefined ? {} : { signal }),
      ...(anchor === undefined ? {} : { query: { anchor } }),
    };
    const patience = AbortSignal.timeout(waitMs);
    for (;;) {
      try {
        return await this.#transport.bytes(path, call);
      } catch (error) {
        if (!isRefusal(error, "NOT_LOGGED_YET") || patience.aborted) throw error;
        await pause(retryPauseMs, signal);
      }
    }
  }

  /** API keys, newest first (scope admin). */
  keys(options: PageOptions = {}): Promise<Page<ApiKey>> {
    return this.#transport.json("/v1/keys", pageCall(options));
  }

  /** Creates a key with its budget (scope admin). With `creation`, repeating the call answers the same key instead of making another. */
  createKey(
    key: NewApiKey,
    { creation, ...options }: CallOptions & { readonly creation?: string } = {},
  ): Promise<CreatedApiKey> {
    const headers = creation === undefined ? {} : { "idempotency-key": creation };
    return this.#transport.json("/v1/keys", { ...options, method: "POST", body: key, headers });
  }

  /** Revokes a key for good (scope admin). */
  revokeKey(id: string, options: CallOptions = {}): Promise<ApiKey> {
    return this.#transport.json(`/v1/keys/${encodeURIComponent(id)}`, { ...options, method: "DELETE" });
  }

  /** Adds to the budget of a key (scope admin); the same `requestId` adds once. */
  deposit(id: string, deposit: { amount: string; requestId: string }, options: CallOptions = {}): Promise<Budget> {
    const body = { amount: deposit.amount, request_id: deposit.requestId };
    return this.#transport.json(`/v1/keys/${encodeURIComponent(id)}/deposit`, { ...options, method: "POST", body });
  }

  /** Takes back what is left of a revoked key's budget (scope admin); the same `requestId` takes once. KEY_NOT_REVOKED for a key in use. */
  withdraw(id: string, { requestId }: { requestId: string }, options: CallOptions = {}): Promise<BudgetWithdrawal> {
    const body = { request_id: requestId };
    return this.#transport.json(`/v1/keys/${encodeURIComponent(id)}/withdraw`, { ...options, method: "POST", body });
  }

  /** One page of who did how much, computed from the log. */
  contributions(options: PageOptions = {}): Promise<ContributionPage> {
    return this.#transport.json("/v1/contributions", pageCall(options));
  }

  /** What the deployment is and can do. */
  capabilities(options: CallOptions = {}): Promise<Capabilities> {
    return this.#transport.json("/v1/capabilities", options);
  }

  /** The trust file that the deployment publishes. Trusting it because it came from there is trusting the deployment. */
  trustFile(options: CallOptions = {}): Promise<Uint8Array> {
    return this.#transport.bytes("/trust.json", options);
  }
}

/** Every item of a list, page after page. */
export async function* everyItem<T>(readPage: (pageToken: string) => Promise<Page<T>>): AsyncGenerator<T> {
  let pageToken = "";
  do {
    const page = await readPage(pageToken);
    yield* page.data;
    pageToken = page.next_page_token;
  } while (pageToken !== "");
}

const retryPauseMs = 500;

function pageCall({ pageSize, pageToken, ...options }: PageOptions) {
  return { ...options, query: { page_size: pageSize, page_token: pageToken === "" ? undefined : pageToken } };
}

function pause(durationMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, durationMs);
    if (signal?.aborted) stop();
    signal?.addEventListener("abort", stop, { once: true });
  });
}
