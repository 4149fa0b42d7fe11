import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";

/** One budget; amounts in micro-credits. available = limit - spent - reserved. */
export interface Account {
  readonly accountId: string;
  /** The address that receipts name. */
  readonly consumer: Address;
  readonly limit: bigint;
  readonly spent: bigint;
  readonly reserved: bigint;
}

/** What a withdrawal took, and the budget after it. */
export interface Withdrawal {
  readonly amount: bigint;
  readonly account: Account;
}

/** One dispatch to one provider and how it ended. */
export interface Attempt {
  readonly providerName: string;
  /** Stable code: SERVED, or why not. */
  readonly outcome: string;
  readonly durationMs: number;
}

/** Whom a reservation would pay, under which signed terms. */
export interface ReservationTerms {
  /** Root address. */
  readonly provider: Address;
  readonly providerName: string;
  /** Manifest hash. */
  readonly subject: Hex;
  /** Digest of the quote. */
  readonly priceId: Hex;
  /** Digest of the certificate of the key that signed the quote. */
  readonly certificateId: Hex;
  /** The most the request can cost, in micro-credits. */
  readonly amount: bigint;
}

/** What is reserved for one request before it is dispatched. */
export interface ReservationRequest extends ReservationTerms {
  readonly requestId: Hex;
  readonly accountId: string;
  /** The model as the client named it. */
  readonly model: string;
  readonly endpoint: "chat" | "completion" | "embedding";
  /** SHA-256 of the request body. */
  readonly requestDigest: Hex;
  readonly requestBytes: number;
  /** The market process that relays the request. */
  readonly relayedBy: string;
  readonly now: number;
  /** From this moment on the reservation may be voided, ms since the epoch. */
  readonly expiresAt: number;
}

/** What a market has taken from a provider when a relay ended without a receipt. */
export interface Delivered {
  /** SHA-256 of the bytes. */
  readonly digest: Hex;
  readonly bytes: number;
}

/** A signed receipt with its openings, as it is kept and given to its holder. */
export interface OpenedReceiptBytes {
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
  readonly input: { readonly blinding: Hex; readonly digest: Hex };
  readonly output: { readonly blinding: Hex; readonly digest: Hex };
}

/** A receipt that has been checked, and what its settlement publishes. */
export interface SettleRequest {
  readonly requestId: Hex;
  readonly provider: Address;
  readonly priceId: Hex;
  readonly receiptId: Hex;
  readonly session: Hex;
  readonly sequence: bigint;
  /** Id of the receipt before in the session; zero hash for sequence 0. */
  readonly previous: Hex;
  /** The key that signed, and its certificate's epoch: within a session the epoch never falls, and one epoch has one key. */
  readonly signedBy: { readonly key: Address; readonly epoch: bigint };
  /** At most the amount reserved. */
  readonly fee: bigint;
  readonly receipt: OpenedReceiptBytes;
  /** True when the market compared the receipt with the bytes it relayed. */
  readonly relayed: boolean;
  readonly attempts: readonly Attempt[];
  /** Goes into the outbox in the same transaction; its id is the receipt id. */
  readonly event: { readonly subject: string; readonly payload: Uint8Array };
  readonly now: number;
}

/**
 * What became of a settle. `settled` and `duplicate` (the same receipt was settled before; `relayed` is raised to true when it was false)
 * mean that it is paid once. `predecessor-missing` may pass by itself: the receipt before has not been settled yet.
 */
export type SettleOutcome =
  | "settled"
  | "duplicate"
  | "predecessor-missing"
  /** Its place in the session is taken, or the receipt before is another one, of other parties, or signed by a later key. */
  | "chain-broken"
  /** Another receipt was settled for this request. */
  | "settled-otherwise"
  /** The reservation is another provider's or under another price by now. */
  | "repointed"
  | "voided"
  | "unknown-request";

/** Where the money of one request is, and everything known of it. */
export interface SettlementRecord extends ReservationTerms {
  readonly requestId: Hex;
  readonly accountId: string;
  readonly consumer: Address;
  readonly state: "reserved" | "settled" | "voided";
  /** Stable code, empty unless voided. */
  readonly voidReason: string;
  readonly model: string;
  readonly endpoint: "chat" | "completion" | "embedding";
  readonly requestDigest: Hex;
  readonly requestBytes: number;
  /** The market process that relays it; undefined once the relay ended without a receipt. */
  readonly relayedBy: string | undefined;
  readonly delivered: Delivered | undefined;
  readonly reservedAt: number;
  readonly expiresAt: number;
  /** When it was settled or voided. */
  readonly closedAt: number | undefined;
  readonly receiptId: Hex | undefined;
  readonly fee: bigint | undefined;
  readonly receipt: OpenedReceiptBytes | undefined;
  readonly relayed: boolean;
  readonly logIndex: bigint | undefined;
  readonly attempts: readonly Attempt[];
}

/** A settlement whose event has to be published again. */
export interface UnloggedSettlement {
  readonly receiptId: Hex;
  readonly subject: string;
  readonly payload: Uint8Array;
}

/**
 * Budgets and the money of requests, double-entry and two-phase. Every mutation is one atomic, durable step and safe to repeat.
 * Throws AccountsError `ACCOUNT_UNKNOWN`, `INSUFFICIENT_FUNDS`, `REQUEST_ID_REUSED` (same request id, other content).
 */
export interface MoneyStore {
  openAccount(request: {
    requestId: string;
    accountId: string;
    consumer: Address;
    limit: bigint;
    now: number;
  }): Promise<Account>;
  deposit(request: { requestId: string; accountId: string; amount: bigint; now: number }): Promise<Account>;
  /** Gives what is available of a budget back to issuance, once per request id; what is reserved stays. Throws ACCOUNT_UNKNOWN, REQUEST_ID_REUSED. */
  withdraw(request: { requestId: string; accountId: string; now: number }): Promise<Withdrawal>;
  account(accountId: string): Promise<Account | undefined>;
  /** Those that exist, in any order. */
  accounts(accountIds: readonly string[]): Promise<Account[]>;

  /** Reserves; `duplicate` when the request id was ever reserved before, whatever became of it. */
  reserve(request: ReservationRequest): Promise<"reserved" | "duplicate">;
  /** Moves an open reservation to another provider's terms in one step; `closed` when it is not open any more. */
  repoint(
    requestId: Hex,
    terms: ReservationTerms,
    attempts: readonly Attempt[],
    now: number,
  ): Promise<"repointed" | "closed">;
  /**
   * The relay ended without a receipt: `relayedBy` is cleared, the provider's journal may hand the receipt in until `expiresAt` (never later
   * than before) and is held to what was delivered. Does nothing when the reservation is not open any more.
   */
  endRelay(request: {
    requestId: Hex;
    delivered: Delivered;
    attempts: readonly Attempt[];
    expiresAt: number;
  }): Promise<void>;
  /** The market process `relayedBy` is gone: like `endRelay` for all it relayed, nothing being known of what was delivered; answers how many. */
  endRelaysOf(relayedBy: string, expiresAt: number): Promise<number>;
  settle(request: SettleRequest): Promise<SettleOutcome>;
  /** Releases an open reservation that is relayed by this process, or by none when undefined; `closed` when there is no such one any more. */
  void(request: {
    requestId: Hex;
    relayedBy: string | undefined;
    reason: string;
    attempts: readonly Attempt[];
    now: number;
  }): Promise<"voided" | "closed">;
  /** Voids reservations that have expired, reason RESERVATION_EXPIRED; answers how many. */
  expire(now: number, limit: number): Promise<number>;

  /** Forgets requests that were voided before `closedBefore`, oldest first, at most `limit`; answers how many. Settled ones stay: they are money. */
  forgetVoided(closedBefore: number, limit: number): Promise<number>;

  /** By request ids. */
  reservations(requestIds: readonly Hex[]): Promise<ReadonlyMap<Hex, SettlementRecord>>;
  /** By request id or receipt id. */
  settlement(id: Hex): Promise<SettlementRecord | undefined>;
  /** Newest first by (reservedAt, requestId); `accountId` undefined means all. */
  settlements(query: {
    accountId: string | undefined;
    limit: number;
    after: { reservedAt: number; requestId: Hex } | undefined;
  }): Promise<SettlementRecord[]>;

  /** Notes places in the log; unknown receipt ids are skipped. */
  markLogged(receipts: readonly { receiptId: Hex; index: bigint }[]): Promise<void>;
  /** Settled before `settledBefore` and not logged yet, oldest first. */
  unlogged(settledBefore: number, limit: number): Promise<UnloggedSettlement[]>;
}
