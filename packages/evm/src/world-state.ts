import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import type { Log } from "@koinon/ethereum/log";
import type { StateChanges, StateReader } from "@koinon/ethereum/state-access";
import type { Precompile } from "@koinon/precompiles/precompile";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { AccountRecord, Slot } from "./account-record.ts";
import type { CodeCache } from "./code-cache.ts";
import { Journal } from "./journal.ts";
import type { Program } from "./program.ts";
import { toBigInt, toWord, type Word, wordToAddress } from "./word.ts";
import { type WordHash, WordMap } from "./word-map.ts";

/** What a snapshot of a world state holds. */
export interface Snapshot {
  readonly journal: number;
  readonly logs: number;
  readonly refund: number;
}

/**
 * The state of a block under execution: a StateReader below, what changed since on top, and inside of a transaction everything
 * that a revert undoes. All changes of accounts and slots go through here.
 */
export class WorldState {
  private readonly reader: StateReader;
  private readonly precompiles: ReadonlyMap<Address, Precompile>;
  private readonly warmPrecompiles: ReadonlyMap<Address, Precompile>;
  private readonly codeCache: CodeCache;
  private readonly wordHash: WordHash;
  private readonly accounts = new Map<Address, AccountRecord>();
  private readonly deployed = new Map<Hex, Uint8Array>();
  private readonly journal = new Journal();
  /** Accounts that the running transaction changed or touched, also those whose changes were undone. */
  private changed: AccountRecord[] = [];
  /** Counts transactions from 1, so that 0 means never. */
  private transaction = 1;
  /** Logs of the running transaction. */
  logs: Log[] = [];
  /** EIP-3529 refund counter of the running transaction. */
  refund = 0;

  constructor(
    reader: StateReader,
    parts: {
      readonly precompiles: ReadonlyMap<Address, Precompile>;
      /** Those of the fork, whose addresses are warm (EIP-2929); the same map unless some are replaced. */
      readonly warmPrecompiles: ReadonlyMap<Address, Precompile>;
      readonly codeCache: CodeCache;
      readonly wordHash: WordHash;
    },
  ) {
    this.reader = reader;
    this.precompiles = parts.precompiles;
    this.warmPrecompiles = parts.warmPrecompiles;
    this.codeCache = parts.codeCache;
    this.wordHash = parts.wordHash;
  }

  /** The record of an address, of an account that exists or not. */
  account(address: Address): AccountRecord {
    let record = this.accounts.get(address);
    if (record === undefined) {
      const precompile = this.precompiles.get(address);
      const isAlwaysWarm =
        this.warmPrecompiles === this.precompiles ? precompile !== undefined : this.warmPrecompiles.has(address);
      record = new AccountRecord(address, this.reader.account(address), { precompile, isAlwaysWarm });
      this.accounts.set(address, record);
    }
    return record;
  }

  accountAt(word: Word): AccountRecord {
    return this.account(wordToAddress(word));
  }

  /** The decoded code of an account. */
  program(account: AccountRecord): Program {
    let program = account.program;
    if (program === undefined) {
      program = this.programOf(account.codeHash);
      account.program = program;
    }
    return program;
  }

  private programOf(hash: Hex): Program {
    if (hash === emptyCodeHash) return this.codeCache.empty;
    return this.codeCache.get(hash, () => this.deployed.get(hash) ?? this.reader.code(hash));
  }

  setBalance(account: AccountRecord, balance: bigint): void {
    this.journal.balance(account);
    account.balance = balance;
    this.touch(account);
  }

  /** Adds wei; zero wei only touches the account (EIP-161). */
  credit(account: AccountRecord, value: bigint): void {
    if (value === 0n) this.markChanged(account);
    else this.setBalance(account, account.balance + value);
  }

  debit(account: AccountRecord, value: bigint): void {
    if (value !== 0n) this.setBalance(account, account.balance - value);
  }

  setNonce(account: AccountRecord, nonce: bigint): void {
    this.journal.nonce(account);
    account.nonce = nonce;
    this.touch(account);
  }

  /** Gives the account code, or none. */
  setCode(account: AccountRecord, code: Uint8Array): void {
    this.journal.code(account);
    this.touch(account);
    account.program = undefined;
    if (code.length === 0) {
      account.codeHash = emptyCodeHash;
      return;
    }
    account.codeHash = bytesToHex(keccak256(code));
    this.deployed.set(account.codeHash, code);
  }

  /** Begins a creation: the account exists from here on, new in this transaction (EIP-6780). */
  markCreated(account: AccountRecord): void {
    this.journal.created(account);
    account.createdIn = this.transaction;
    this.touch(account);
  }

  isCreated(account: AccountRecord): boolean {
    return account.createdIn === this.transaction;
  }

  /** The account goes when the transaction ends. */
  markDestroyed(account: AccountRecord): void {
    this.journal.destroyed(account);
    account.destroyedIn = this.transaction;
    this.markChanged(account);
  }

  /** EIP-2929: makes the account warm; true when it was cold. Precompiles always are warm. */
  warmAccount(account: AccountRecord): boolean {
    if (account.warmIn === this.transaction || account.isAlwaysWarm) return false;
    this.journal.accountWarm(account);
    account.warmIn = this.transaction;
    return true;
  }

  /** The slot, read from the base state the first time. */
  slot(account: AccountRecord, key: Word): Slot {
    account.slots ??= new WordMap(this.wordHash);
    let slot = account.slots.get(key);
    if (slot === undefined) {
      const stored = account.base !== undefined && !account.storageCleared;
      slot = new Slot(stored ? toWord(this.reader.storage(account.address, toBigInt(key))) : 0);
      account.slots.set(key, slot);
    }
    return slot;
  }

  /**
   * True when the account began the block with storage and still has it (EIP-7610). What has neither nonce nor code can not have
   * been given any since.
   */
  hasStorage(account: AccountRecord): boolean {
    return account.base !== undefined && !account.storageCleared && this.reader.hasStorage(account.address);
  }

  /** EIP-2929: makes the slot warm; true when it was cold. */
  warmSlot(slot: Slot): boolean {
    if (slot.warmIn === this.transaction) return false;
    this.journal.slotWarm(slot);
    slot.warmIn = this.transaction;
    slot.original = slot.current;
    return true;
  }

  setSlot(account: AccountRecord, slot: Slot, value: Word): void {
    this.journal.slot(slot);
    slot.current = value;
    this.markChanged(account);
  }

  transientLoad(account: AccountRecord, key: Word): Word {
    return account.transient?.get(key) ?? 0;
  }

  transientStore(account: AccountRecord, key: Word, value: Word): void {
    account.transient ??= new WordMap(this.wordHash);
    this.journal.transient(account, key, account.transient.get(key) ?? 0);
    account.transient.set(key, value);
    this.markChanged(account);
  }

  snapshot(): Snapshot {
    return { journal: this.journal.length, logs: this.logs.length, refund: this.refund };
  }

  revert(snapshot: Snapshot): void {
    this.journal.revert(snapshot.journal);
    this.logs.length = snapshot.logs;
    this.refund = snapshot.refund;
  }

  /** Ends the running transaction: destroyed and touched empty accounts go, transient storage too, access becomes cold. */
  endTransaction(): void {
    for (const account of this.changed) {
      account.transient = undefined;
      if (account.changedIn !== this.transaction) continue;
      if (account.destroyedIn === this.transaction || (account.exists && account.isEmpty)) this.remove(account);
    }
    this.changed = [];
    this.journal.clear();
    this.logs = [];
    this.refund = 0;
    this.transaction++;
  }

  private remove(account: AccountRecord): void {
    account.exists = false;
    account.nonce = 0n;
    account.balance = 0n;
    account.codeHash = emptyCodeHash;
    account.program = undefined;
    account.slots = undefined;
    account.storageCleared = true;
  }

  private touch(account: AccountRecord): void {
    if (!account.exists) {
      this.journal.exists(account);
      account.exists = true;
    }
    this.markChanged(account);
  }

  private markChanged(account: AccountRecord): void {
    if (account.changedIn === this.transaction) return;
    this.journal.changed(account);
    account.changedIn = this.transaction;
    this.changed.push(account);
  }

  /** What differs from the base state. To be asked between transactions. */
  changes(): StateChanges {
    const accounts = new Map<Address, Account | undefined>();
    const storage = new Map<Address, readonly (readonly [bigint, bigint])[]>();
    const clearedStorage = new Set<Address>();
    const code = new Map<Hex, Uint8Array>();
    for (const record of this.accounts.values()) {
      if (record.changedIn === 0) continue;
      if (record.storageCleared && record.base !== undefined) clearedStorage.add(record.address);
      if (differs(record)) accounts.set(record.address, record.exists ? accountOf(record) : undefined);
      if (!record.exists) continue;
      const slots = changedSlots(record);
      if (slots.length > 0) storage.set(record.address, slots);
      const bytes = record.codeHash === record.base?.codeHash ? undefined : this.deployed.get(record.codeHash);
      if (bytes !== undefined) code.set(record.codeHash, bytes);
    }
    return { accounts, storage, clearedStorage, code };
  }
}

function accountOf(record: AccountRecord): Account {
  return { nonce: record.nonce, balance: record.balance, codeHash: record.codeHash };
}

function differs(record: AccountRecord): boolean {
  const { base } = record;
  if (base === undefined || !record.exists) return record.exists || base !== undefined;
  return base.nonce !== record.nonce || base.balance !== record.balance || base.codeHash !== record.codeHash;
}

function changedSlots(record: AccountRecord): (readonly [bigint, bigint])[] {
  const slots: (readonly [bigint, bigint])[] = [];
  for (const { key, value } of record.slots?.entries() ?? []) {
    if (value.current !== value.base) slots.push([toBigInt(key), toBigInt(value.current)]);
  }
  return slots;
}
