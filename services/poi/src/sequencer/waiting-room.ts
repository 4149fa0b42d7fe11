import type { Queryable } from "@koinon/postgres/sql";
import type { Refusal } from "../settled/refusal.ts";
import type { LoggableReceipt } from "../settled/settled-verifier.ts";
import { countHeld, deleteHeld, findExpired, type HeldReceipt, insertHeld } from "../store/held-store.ts";
import { countRefusals, deleteRefusals, insertRefusals, pruneRefusals } from "../store/refusal-store.ts";
import type { AppendPlan } from "./append-plan.ts";

/** How the numbers of held and refused receipts change when a transaction commits. */
export interface WaitingChange {
  readonly held: number;
  readonly refused: number;
}

const refusedMax = 10_000;
const expiredMax = 1_000;

/** Receipts that are not in the log: held for their predecessor, or refused. Counts them, so that a log without any pays nothing. */
export class WaitingRoom {
  readonly #heldMax: number;
  readonly #holdMs: number;
  #held = 0;
  #refused = 0;

  constructor(options: { heldMax: number; holdMs: number }) {
    this.#heldMax = options.heldMax;
    this.#holdMs = options.holdMs;
  }

  /** How many are held. */
  get held(): number {
    return this.#held;
  }

  /** How many more can be held. */
  get room(): number {
    return Math.max(0, this.#heldMax - this.#held);
  }

  async load(sql: Queryable): Promise<void> {
    this.#held = await countHeld(sql);
    this.#refused = await countRefusals(sql);
  }

  /** Writes what a plan holds and refuses, and lets go of what found its place. To be applied when the transaction has committed. */
  async settle(sql: Queryable, plan: AppendPlan, refusals: readonly Refusal[], nowMs: number): Promise<WaitingChange> {
    const logged = [...plan.logged.keys()];
    const refused = new Map([...refusals, ...plan.refused].map((refusal) => [refusal.id, refusal]));
    // A receipt that is in the log is not refused for coming again with worse documents.
    for (const id of logged) refused.delete(id);
    const gone = this.#held === 0 ? 0 : await deleteHeld(sql, [...logged, ...refused.keys()]);
    const forgiven = this.#refused === 0 ? 0 : await deleteRefusals(sql, logged);
    const held = await insertHeld(sql, plan.held.slice(0, this.room).map(heldReceiptOf), nowMs);
    await insertRefusals(sql, [...refused.values()], nowMs);
    return { held: held - gone, refused: refused.size - forgiven };
  }

  /** Refuses what was held too long, and forgets the oldest refusals. */
  async expire(sql: Queryable, nowMs: number): Promise<{ refusals: readonly Refusal[]; change: WaitingChange }> {
    const forgotten = await pruneRefusals(sql, refusedMax);
    const expired = this.#held === 0 ? [] : await findExpired(sql, nowMs - this.#holdMs, expiredMax);
    const refusals = expired.map(refusalOf);
    await insertRefusals(sql, refusals, nowMs);
    const gone = await deleteHeld(
      sql,
      expired.map((receipt) => receipt.id),
    );
    return { refusals, change: { held: -gone, refused: refusals.length - forgotten } };
  }

  apply(change: WaitingChange): void {
    this.#held += change.held;
    // A receipt refused twice is one row, so this may count too many, which costs a statement that finds nothing.
    this.#refused += change.refused;
  }
}

function heldReceiptOf({ id, document, payload }: LoggableReceipt): HeldReceipt {
  return { id, session: document.session, sequence: document.sequence, payload };
}

function refusalOf({ id, payload, session, sequence }: HeldReceipt): Refusal {
  return { id, payload, reason: "PREDECESSOR_MISSING", detail: `session ${session} sequence ${sequence}` };
}
