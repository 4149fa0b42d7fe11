import type { Hex } from "@koinon/secp256k1/hex";
import type { AccountRecord, Slot } from "./account-record.ts";
import type { Program } from "./program.ts";
import type { Word } from "./word.ts";

/** What can be undone. */
const Kind = {
  exists: 0,
  nonce: 1,
  balance: 2,
  code: 3,
  slot: 4,
  slotWarm: 5,
  accountWarm: 6,
  created: 7,
  destroyed: 8,
  transient: 9,
  changed: 10,
} as const;

interface CodeBefore {
  readonly hash: Hex;
  readonly program: Program | undefined;
}

interface TransientBefore {
  readonly key: Word;
  readonly value: Word;
}

/**
 * The undo log of a transaction: what to put back, in three parallel arrays so that an entry costs three stores. A snapshot is
 * the log's length.
 */
export class Journal {
  private readonly kinds: number[] = [];
  private readonly subjects: (AccountRecord | Slot)[] = [];
  private readonly values: unknown[] = [];
  /** Entries of the running transaction; what is behind them is left to be written over. */
  private size = 0;

  get length(): number {
    return this.size;
  }

  exists(account: AccountRecord): void {
    this.push(Kind.exists, account, account.exists);
  }

  nonce(account: AccountRecord): void {
    this.push(Kind.nonce, account, account.nonce);
  }

  balance(account: AccountRecord): void {
    this.push(Kind.balance, account, account.balance);
  }

  code(account: AccountRecord): void {
    this.push(Kind.code, account, { hash: account.codeHash, program: account.program } satisfies CodeBefore);
  }

  slot(slot: Slot): void {
    this.push(Kind.slot, slot, slot.current);
  }

  slotWarm(slot: Slot): void {
    this.push(Kind.slotWarm, slot, slot.warmIn);
  }

  accountWarm(account: AccountRecord): void {
    this.push(Kind.accountWarm, account, account.warmIn);
  }

  created(account: AccountRecord): void {
    this.push(Kind.created, account, account.createdIn);
  }

  destroyed(account: AccountRecord): void {
    this.push(Kind.destroyed, account, account.destroyedIn);
  }

  changed(account: AccountRecord): void {
    this.push(Kind.changed, account, account.changedIn);
  }

  transient(account: AccountRecord, key: Word, value: Word): void {
    this.push(Kind.transient, account, { key, value } satisfies TransientBefore);
  }

  /** Undoes everything since the snapshot, last first. */
  revert(snapshot: number): void {
    const { kinds, subjects, values } = this;
    for (let index = this.size - 1; index >= snapshot; index--) {
      const subject = subjects[index];
      const value = values[index];
      const kind = kinds[index];
      if (kind === Kind.slot) (subject as Slot).current = value as Word;
      else if (kind === Kind.slotWarm) (subject as Slot).warmIn = value as number;
      else undoAccount(kind as number, subject as AccountRecord, value);
    }
    this.size = snapshot;
  }

  /** Forgets everything: the transaction is over. */
  clear(): void {
    this.size = 0;
  }

  private push(kind: number, subject: AccountRecord | Slot, value: unknown): void {
    const index = this.size++;
    this.kinds[index] = kind;
    this.subjects[index] = subject;
    this.values[index] = value;
  }
}

function undoAccount(kind: number, account: AccountRecord, value: unknown): void {
  switch (kind) {
    case Kind.exists:
      account.exists = value as boolean;
      break;
    case Kind.nonce:
      account.nonce = value as bigint;
      break;
    case Kind.balance:
      account.balance = value as bigint;
      break;
    case Kind.code:
      account.codeHash = (value as CodeBefore).hash;
      account.program = (value as CodeBefore).program;
      break;
    case Kind.accountWarm:
      account.warmIn = value as number;
      break;
    case Kind.created:
      account.createdIn = value as number;
      break;
    case Kind.destroyed:
      account.destroyedIn = value as number;
      break;
    case Kind.changed:
      account.changedIn = value as number;
      break;
    case Kind.transient:
      account.transient?.set((value as TransientBefore).key, (value as TransientBefore).value);
      break;
  }
}
