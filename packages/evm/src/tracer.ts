import type { Log } from "@koinon/ethereum/log";
import type { TransactionPayload } from "@koinon/ethereum/transaction";
import type { Address } from "@koinon/secp256k1/address";
import type { BlockContext } from "./block-context.ts";
import type { ForkRules } from "./fork-rules.ts";
import type { Frame } from "./frame.ts";
import type { Failure } from "./halt.ts";
import type { WorldState } from "./world-state.ts";

/** A transaction that passed validation and has not changed anything. */
export interface BeginEvent {
  readonly transaction: TransactionPayload;
  readonly sender: Address;
  readonly block: BlockContext;
  readonly rules: ForkRules;
  /** The state, live: it changes with execution. */
  readonly world: WorldState;
  /** Who gave the authorizations of an EIP-7702 transaction, those with an invalid signature left out. */
  readonly authorities: readonly Address[];
}

/** The beginning of a call or creation, the transaction's own included; a SELFDESTRUCT counts as a call that sends its balance. */
export interface EnterEvent {
  readonly kind: "CALL" | "CALLCODE" | "DELEGATECALL" | "STATICCALL" | "CREATE" | "CREATE2" | "SELFDESTRUCT";
  /** 0 for the transaction's own. */
  readonly depth: number;
  readonly from: Address;
  /** Whose code runs, or what is created. */
  readonly to: Address;
  /** Wei; undefined for STATICCALL, which has none. */
  readonly value: bigint | undefined;
  readonly gas: number;
  readonly input: Uint8Array;
  /** The frame that calls, which has paid already; undefined for the transaction's own. */
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
  /** The frame that ended; undefined when no code ran. */
  readonly frame: Frame | undefined;
}

/** One instruction about to be carried out. */
export interface StepEvent {
  /** The registers as they are before the instruction. */
  readonly frame: Frame;
  /** Byte offset in the code. */
  readonly pc: number;
  readonly code: number;
}

/** A transaction at its end, before destroyed and empty accounts go. */
export interface EndEvent {
  readonly gasUsed: bigint;
}

/** Watches the execution of transactions, not of system calls. What events hold is live: it is to be copied. */
export interface Tracer {
  begin?(event: BeginEvent): void;
  enter?(event: EnterEvent): void;
  step?(event: StepEvent): void;
  log?(log: Log): void;
  exit?(event: ExitEvent): void;
  end?(event: EndEvent): void;
}
