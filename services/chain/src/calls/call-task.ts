import type { AccountProof } from "@koinon/state/account-proof";
import type { StateOptions } from "@koinon/state/state-store";
import type { BlockRef, CallMessage, CallOutcome, GasEstimate, ProofRequest } from "../chain-view.ts";
import type { JsonRpcLimits } from "../jsonrpc/limits.ts";
import type { CarriedConfig } from "./carried-config.ts";
import type { CarriedError } from "./carried-error.ts";

/** What call threads do, by kind: what they are given and what they answer. All of it can be copied from thread to thread. */
export interface CallTasks {
  /** A method of JSON-RPC; answers its result as JSON. */
  readonly request: {
    readonly given: {
      readonly method: string;
      readonly params: readonly unknown[];
      readonly limits: JsonRpcLimits;
    };
    readonly answer: string;
  };
  readonly call: {
    readonly given: { readonly message: CallMessage; readonly at: BlockRef };
    readonly answer: CallOutcome;
  };
  readonly estimate: {
    readonly given: { readonly message: CallMessage; readonly at: BlockRef };
    readonly answer: GasEstimate;
  };
  readonly proof: {
    readonly given: ProofRequest;
    readonly answer: AccountProof;
  };
  /** Transactions as `packTransactions` writes them. */
  readonly rawTransactions: {
    readonly given: { readonly at: BlockRef };
    readonly answer: ArrayBuffer;
  };
}

/** The names of what call threads do. */
export type CallTaskKind = keyof CallTasks;

/** Something to do. */
export type CallTask = {
  [K in CallTaskKind]: { readonly kind: K; readonly given: CallTasks[K]["given"] };
}[CallTaskKind];

/** What a thread begins with. */
export interface CallThreadSettings {
  readonly config: CarriedConfig;
  readonly store: Omit<StateOptions, "readOnly" | "tables">;
  readonly codeCacheBytes: number;
  readonly callGasMax: bigint;
  /** See `EvmOptions`. */
  readonly hashSecret: bigint;
  /** Holds the number of a job that is not wanted any more; shared with the thread. */
  readonly unwanted: Int32Array;
}

/** A job for a thread that has none. */
export interface CallThreadRequest {
  /** Positive, 31 bits. */
  readonly job: number;
  readonly task: CallTask;
  readonly timeoutMs: number;
}

/** How a job ended. */
export type CallThreadAnswer =
  | { readonly job: number; readonly answer: unknown }
  | { readonly job: number; readonly error: CarriedError };

/** Sent by a thread once, when it can begin. */
export const readyForCalls = "ready";

/** Sent instead of a job: the thread closes what it has open and ends. */
export const endOfCalls = "end";
