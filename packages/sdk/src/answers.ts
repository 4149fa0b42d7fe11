/*
 * The gateway's answers as they are on the wire (docs/architecture.md, "Gateway HTTP"). Amounts are decimal strings of
 * micro-credits: turn them into numbers with BigInt. Times are milliseconds since the epoch. Members may be added over time.
 */

/** A budget: available = limit - spent - reserved. */
export interface Budget {
  readonly limit: string;
  readonly spent: string;
  readonly reserved: string;
  readonly available: string;
}

/** What went back of a revoked key's budget, and the budget after. */
export interface BudgetWithdrawal {
  readonly withdrawn: string;
  readonly budget: Budget;
}

/** One page of a list; `next_page_token` is empty on the last one. */
export interface Page<T> {
  readonly data: readonly T[];
  readonly next_page_token: string;
}

/** What an API key may do. */
export type KeyScope = "inference" | "receipts" | "admin";

/** An API key, without its text. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly prefix: string;
  readonly scopes: readonly KeyScope[];
  /** The address that receipts name. */
  readonly consumer: string;
  /** "opening" until its budget exists. */
  readonly state: "opening" | "active";
  readonly created_at: number;
  readonly expires_at: number | null;
  readonly revoked_at: number | null;
  readonly requests_per_minute: number | null;
  /** Null while it is unknown. */
  readonly budget: Budget | null;
}

/** A key that was just created: the only time its text is shown. */
export interface CreatedApiKey extends ApiKey {
  readonly key: string;
}

/** What to create a key with; scopes default to inference and receipts. */
export interface NewApiKey {
  readonly name: string;
  readonly budget: string;
  readonly scopes?: readonly KeyScope[];
  readonly expires_at?: number;
  readonly requests_per_minute?: number;
}

/** How a provider is doing. */
export type ProviderState = "healthy" | "draining" | "unreachable" | "failing";

/** Prices of an offer, and until when they hold. */
export interface OfferPrices {
  /** Micro-credits per 1,000,000 input units. */
  readonly input_price: string;
  readonly output_price: string;
  readonly request_price: string;
  readonly price_id: string;
  readonly valid_until: number;
}

/** A model with everybody who offers it. */
export interface Model {
  readonly id: string;
  readonly object: "model";
  readonly created: number;
  readonly owned_by: string;
  readonly koinon: {
    readonly kind: "chat" | "embedding";
    readonly manifest: string;
    readonly context_tokens: number;
    readonly license: string;
    readonly offers: readonly ModelOffer[];
  };
}

/** One provider's offer of a model. */
export interface ModelOffer extends OfferPrices {
  readonly provider: string;
  readonly provider_name: string;
  readonly region: string;
  readonly state: ProviderState;
}

/** A provider as the market sees it. */
export interface Provider {
  readonly address: string;
  readonly name: string;
  readonly region: string;
  readonly state: ProviderState;
  readonly state_reason: string;
  readonly capacity: number;
  readonly active: number;
  readonly latency_ms: number;
  readonly served: number;
  readonly failed: number;
  readonly last_seen: number;
  readonly offers: readonly (OfferPrices & { readonly model: string; readonly manifest: string })[];
}

/** One paid request. */
export interface ReceiptSummary {
  readonly request_id: string;
  readonly receipt_id: string | null;
  readonly state: "reserved" | "settled" | "voided";
  readonly void_reason: string | null;
  readonly model: string;
  readonly manifest: string | null;
  readonly endpoint: string;
  readonly provider: string | null;
  readonly provider_name: string;
  readonly price_id: string | null;
  readonly reserved: string;
  readonly fee: string | null;
  readonly input_units: number | null;
  readonly output_units: number | null;
  readonly outcome: "complete" | "cancelled" | "broken" | null;
  readonly relayed: boolean;
  readonly reserved_at: number;
  readonly settled_at: number | null;
  readonly started_at: number | null;
  readonly finished_at: number | null;
  readonly log_index: number | null;
  readonly attempts: readonly {
    readonly provider_name: string;
    readonly outcome: string;
    readonly duration_ms: number;
  }[];
}

/** What one party did of one kind with one model, computed from the log. */
export interface ContributionSummary {
  readonly provider: string;
  readonly provider_name: string | null;
  readonly kind: "inference" | "embedding";
  readonly manifest: string;
  readonly model: string | null;
  readonly receipts: number;
  readonly input_units: string;
  readonly output_units: string;
  readonly fee: string;
  readonly first_at: number;
  readonly last_at: number;
}

/** One page of the contribution view of a tree of that size. */
export interface ContributionPage extends Page<ContributionSummary> {
  readonly tree_size: number;
}

/** What a deployment is and can do; a module that is off answers 501 MODULE_DISABLED. */
export interface Capabilities {
  readonly version: string;
  readonly chain_id: string;
  readonly verifying_contract: string;
  readonly modules: Readonly<Record<string, boolean>>;
  /** JSON-RPC of the chain over HTTP and WebSocket; absent when it is off. */
  readonly chain_rpc?: string;
  readonly limits: Readonly<Record<string, number>>;
}
