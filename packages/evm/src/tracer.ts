import type { Address } from "@koinon/secp256k1/address";
import type { AccountRecord } from "./account-record.ts";
import type { Frame } from "./frame.ts";
import type { Failure } from "./halt.ts";
import type { WorldState } from "./world-state.ts";

/** What kind of call or creation a frame is. */
export type EnterKind = "CALL" | "CALLCODE" | "DELEGATECALL" | "STATICCALL" | "CREATE" | "CREATE2" | "SELFDESTRUCT";

/** The beginning of a call or creation, the transaction's own included. */
export interface EnterEvent {
  readonly kind: EnterKind;
  /** 0 for the transaction's own. */
  readonly depth: number;
  readonly from: Address;
  /** Whose code runs, or what is created. */
  readonly to: Address;
  readonly value: bigint;
  readonly gas: number;
  readonly input: Uint8Array;
  /** The frame that calls; undefined for the transaction's own. */
  readonly parent: Frame | undefined;
  /** True when the target is a precompile. */
  readonly isPrecompile: boolean;
}

/** The end of a call or creation. */
export interface ExitEvent {
  readonly depth: number;
  readonly gasUsed: number;
  readonly output: Uint8Array;
  readonly failure: Failure | undefined;
}

/** One instruction about to be carried out; `frame` has the registers as they are before it. */
export interface StepEvent {
  readonly frame: Frame;
  /** Byte offset in the code. */
  readonly pc: number;
  readonly code: number;
}

/** Watches execution. An event is valid during the call alone: its objects change afterwards. */
export interface Tracer {
  /** Called once, before anything of the transaction happened in the state. */
  begin?(world: WorldState): void;
  enter?(event: EnterEvent): void;
  step?(event: StepEvent): void;
  exit?(event: ExitEvent): void;
  selfdestruct?(account: AccountRecord, beneficiary: AccountRecord, balance: bigint): void;
}
