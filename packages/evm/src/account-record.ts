import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import type { Precompile } from "@koinon/precompiles/precompile";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { Program } from "./program.ts";
import { hexToWord, type Word } from "./word.ts";
import type { WordMap } from "./word-map.ts";

/** A storage slot during a block. */
export class Slot {
  /** In the state that the block began with. */
  readonly base: Word;
  /** Before the running transaction (EIP-2200); valid while `warmIn` is the running transaction. */
  original: Word;
  current: Word;
  /** The last transaction that accessed it (EIP-2929). */
  warmIn = 0;

  constructor(base: Word) {
    this.base = base;
    this.original = base;
    this.current = base;
  }
}

/** An account during a block. Everything here changes through WorldState alone, which can undo it. */
export class AccountRecord {
  readonly address: Address;
  readonly word: Word;
  /** In the state that the block began with. */
  readonly base: Account | undefined;
  /** What runs in place of code. */
  readonly precompile: Precompile | undefined;
  /** True for the addresses of the fork's precompiles (EIP-2929), also when a call has replaced what is there. */
  readonly isAlwaysWarm: boolean;
  exists: boolean;
  nonce: bigint;
  balance: bigint;
  codeHash: Hex;
  /** Decoded code, undefined until it is needed. */
  program: Program | undefined = undefined;
  /** Undefined until one is asked for. */
  slots: WordMap<Slot> | undefined = undefined;
  /** True when no slot of the base state is left: the account was removed since. */
  storageCleared = false;
  transient: WordMap<Word> | undefined = undefined;
  /** The transactions, counted from 1, in which the account was last accessed, created, destroyed and changed. */
  warmIn = 0;
  createdIn = 0;
  destroyedIn = 0;
  changedIn = 0;

  constructor(
    address: Address,
    base: Account | undefined,
    { precompile, isAlwaysWarm }: Pick<AccountRecord, "precompile" | "isAlwaysWarm">,
  ) {
    this.address = address;
    this.word = hexToWord(address);
    this.base = base;
    this.precompile = precompile;
    this.isAlwaysWarm = isAlwaysWarm;
    this.exists = base !== undefined;
    this.nonce = base?.nonce ?? 0n;
    this.balance = base?.balance ?? 0n;
    this.codeHash = base?.codeHash ?? emptyCodeHash;
  }

  /** EIP-161: without nonce, balance and code. */
  get isEmpty(): boolean {
    return this.nonce === 0n && this.balance === 0n && this.codeHash === emptyCodeHash;
  }

  get hasCode(): boolean {
    return this.codeHash !== emptyCodeHash;
  }
}
