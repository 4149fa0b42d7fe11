import { emptyCodeHash } from "@koinon/ethereum/account";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { create2Address, createAddress } from "../creation.ts";
import type { Frame } from "../frame.ts";
import type { BeginEvent, ExitEvent, StepEvent, Tracer } from "../tracer.ts";
import { hexToWord, toLength, type Word, wordToAddress, wordToHex } from "../word.ts";
import type { WorldState } from "../world-state.ts";
import { precedesInstruction } from "./failure-message.ts";
import { toHex } from "./quantity.ts";

/** An account in geth's prestateTracer output; what is zero or empty is left out, but for the balance. */
export interface PrestateAccount {
  balance?: Hex;
  code?: Hex;
  codeHash?: Hex;
  nonce?: number;
  storage?: Record<Hex, Hex>;
}

/** Accounts by address. */
export type Prestate = Record<Address, PrestateAccount>;

/** Settings of geth's prestateTracer. */
export interface PrestateOptions {
  /** Reports what changed, before and after, instead of everything that was looked at. */
  readonly diffMode?: boolean;
  readonly disableCode?: boolean;
  readonly disableStorage?: boolean;
  /** Reports accounts that did not exist before as well; not with `diffMode`. */
  readonly includeEmpty?: boolean;
}

interface Before {
  readonly balance: bigint;
  readonly nonce: bigint;
  readonly codeHash: Hex;
  readonly code: Hex;
  readonly slots: Map<Hex, Hex>;
}

const zeroWord = wordToHex(0);
const op = { create: 0xf0, create2: 0xf5, selfdestruct: 0xff };
const slotCodes: ReadonlySet<number> = new Set([0x54, 0x55]);
const accountCodes: ReadonlySet<number> = new Set([0x31, 0x3b, 0x3c, 0x3f, 0xff]);
const callCodes: ReadonlySet<number> = new Set([0xf1, 0xf2, 0xf4, 0xfa]);

/** The state that a transaction needs, or what it changes, in the form of geth's prestateTracer. */
export class PrestateTracer implements Tracer {
  private readonly options: PrestateOptions;
  private readonly before = new Map<Address, Before>();
  private readonly created = new Set<Address>();
  private readonly deleted = new Set<Address>();
  private world: WorldState | undefined;
  /** Undoes what the running instruction made us look at, should it turn out not to have begun. */
  private undo: (() => void)[] = [];
  private pre: Prestate = {};
  private post: Prestate = {};

  constructor(options: PrestateOptions = {}) {
    this.options = options;
  }

  begin({ transaction, sender, block, rules, world, authorities }: BeginEvent): void {
    this.world = world;
    const to = transaction.to ?? createAddress(sender, world.account(sender).nonce);
    if (transaction.to === undefined) this.created.add(to);
    else if (rules.delegation) this.lookUpDelegate(to);
    for (const address of [sender, to, block.beneficiary, ...authorities]) this.lookUp(address);
  }

  step({ frame, code }: StepEvent): void {
    const { account } = frame.start;
    this.undo = [];
    if (frame.sp >= 1 && slotCodes.has(code)) this.lookUpSlot(account.address, frame.peek(0));
    else if (frame.sp >= 1 && accountCodes.has(code)) {
      this.lookUp(wordToAddress(frame.peek(0)));
      if (code === op.selfdestruct && this.created.has(account.address)) this.delete(account.address);
    } else if (frame.sp >= 5 && callCodes.has(code)) {
      const address = wordToAddress(frame.peek(1));
      this.lookUp(address);
      this.lookUpDelegate(address);
    } else if (code === op.create) this.lookUpCreated(createAddress(account.address, account.nonce));
    else if (code === op.create2 && frame.sp >= 4) this.lookUpCreate2(frame);
  }

  exit({ frame, failure }: ExitEvent): void {
    if (frame !== undefined && failure !== undefined && precedesInstruction(failure))
      for (const undo of this.undo) undo();
    this.undo = [];
  }

  end(): void {
    if (this.options.diffMode) this.compare();
    else this.copy();
  }

  result(): Prestate | { readonly post: Prestate; readonly pre: Prestate } {
    return this.options.diffMode ? { post: this.post, pre: this.pre } : this.pre;
  }

  private lookUp(address: Address): void {
    const { world } = this;
    if (world === undefined || this.before.has(address)) return;
    const account = world.account(address);
    const { balance, nonce, codeHash } = account;
    const code = account.hasCode ? bytesToHex(world.program(account).bytes) : "0x";
    this.before.set(address, { balance, nonce, codeHash, code, slots: new Map() });
    this.undo.push(() => this.before.delete(address));
  }

  private lookUpDelegate(address: Address): void {
    const { world } = this;
    const account = world?.account(address);
    if (world === undefined || account === undefined || !account.hasCode) return;
    const { delegate } = world.program(account);
    if (delegate !== undefined) this.lookUp(delegate);
  }

  private lookUpSlot(address: Address, key: Word): void {
    const { world } = this;
    const slots = this.before.get(address)?.slots;
    const slot = wordToHex(key);
    if (world === undefined || slots === undefined || slots.has(slot) || this.options.disableStorage) return;
    slots.set(slot, wordToHex(world.slot(world.account(address), key).current));
    this.undo.push(() => slots.delete(slot));
  }

  private lookUpCreated(address: Address): void {
    this.lookUp(address);
    if (this.created.has(address)) return;
    this.created.add(address);
    this.undo.push(() => this.created.delete(address));
  }

  private delete(address: Address): void {
    if (this.deleted.has(address)) return;
    this.deleted.add(address);
    this.undo.push(() => this.deleted.delete(address));
  }

  private lookUpCreate2(frame: Frame): void {
    const offset = toLength(frame.peek(1));
    const size = toLength(frame.peek(2));
    // Larger init code can not be paid for, so nothing is created.
    if (size > 0xffff || offset > 0xffff_ffff) return;
    const initCode = new Uint8Array(size);
    if (offset < frame.memory.size)
      initCode.set(frame.memory.bytes.subarray(offset, Math.min(offset + size, frame.memory.size)));
    this.lookUpCreated(create2Address(frame.start.account.address, frame.peek(3), initCode));
  }

  private copy(): void {
    for (const [address, before] of this.before) {
      if (exists(before) || this.options.includeEmpty) this.pre[address] = this.toJson(before);
    }
  }

  private toJson({ balance, nonce, code, codeHash, slots }: Before): PrestateAccount {
    return {
      balance: toHex(balance),
      ...(this.options.disableCode || code === "0x" ? {} : { code }),
      ...(codeHash === emptyCodeHash ? {} : { codeHash }),
      ...(nonce === 0n ? {} : { nonce: Number(nonce) }),
      ...(slots.size === 0 ? {} : { storage: Object.fromEntries(slots) }),
    };
  }

  private compare(): void {
    for (const [address, before] of this.before) {
      if (this.deleted.has(address)) {
        if (exists(before)) this.pre[address] = this.toJson(before);
        continue;
      }
      const after = this.difference(address, before);
      if (after === undefined) continue;
      this.post[address] = after;
      if (!exists(before)) continue;
      const slots = [...before.slots].filter(
        ([slot, value]) => value !== zeroWord && this.current(address, slot) !== value,
      );
      this.pre[address] = this.toJson({ ...before, slots: new Map(slots) });
    }
  }

  /** What is different afterwards; undefined when nothing is. */
  private difference(address: Address, before: Before): PrestateAccount | undefined {
    const { world } = this;
    if (world === undefined) return undefined;
    const { balance, nonce, codeHash } = world.account(address);
    const account: PrestateAccount = {};
    if (balance !== before.balance) account.balance = toHex(balance);
    if (nonce !== before.nonce) account.nonce = Number(nonce);
    if (codeHash !== before.codeHash) {
      account.codeHash = codeHash === emptyCodeHash ? zeroWord : codeHash;
      const code = bytesToHex(world.program(world.account(address)).bytes);
      if (!this.options.disableCode && code !== "0x") account.code = code;
    }
    const changed = [...before.slots].filter(([slot, value]) => this.current(address, slot) !== value);
    const stored = changed.map(([slot]) => [slot, this.current(address, slot)] as const);
    const storage = Object.fromEntries(stored.filter(([, value]) => value !== zeroWord));
    if (Object.keys(storage).length > 0) account.storage = storage;
    return Object.keys(account).length > 0 || changed.length > 0 ? account : undefined;
  }

  private current(address: Address, slot: Hex): Hex {
    const { world } = this;
    return world === undefined ? zeroWord : wordToHex(world.slot(world.account(address), hexToWord(slot)).current);
  }
}

function exists({ balance, nonce, code }: Before): boolean {
  return balance > 0n || nonce > 0n || code !== "0x";
}
