import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import { keccakHex } from "@koinon/ethereum/hash";
import type { StateChanges, StateReader } from "@koinon/ethereum/state-access";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { AccountOverride, StateOverrides } from "../../chain-view.ts";
import { SlotWords } from "../../slot-words.ts";

const noBytes = new Uint8Array(0);

/** What overrides and simulated blocks have made of a state of the chain so far: as changes, and as overrides of the next block. */
export class SimulatedState {
  readonly #base: StateReader;
  readonly #accounts = new Map<Address, Account | undefined>();
  readonly #storage = new Map<Address, SlotWords>();
  readonly #cleared = new Set<Address>();
  readonly #code = new Map<Hex, Uint8Array>();

  constructor(base: StateReader) {
    this.#base = base;
  }

  account(address: Address): Account | undefined {
    return this.#accounts.has(address) ? this.#accounts.get(address) : this.#base.account(address);
  }

  /** Replaces what a caller asks for. */
  override(overrides: StateOverrides): void {
    for (const [address, { nonce, balance, code, state, stateDiff }] of overrides) {
      // What only moves a precompile makes no account.
      if ((nonce ?? balance ?? code ?? state ?? stateDiff) === undefined) continue;
      const before = this.account(address) ?? { nonce: 0n, balance: 0n, codeHash: emptyCodeHash };
      this.#accounts.set(address, {
        nonce: nonce ?? before.nonce,
        balance: balance ?? before.balance,
        codeHash: code === undefined ? before.codeHash : this.#deploy(code),
      });
      if (state !== undefined) this.#clear(address);
      for (const [slot, word] of state ?? stateDiff ?? []) this.#slots(address).set(slot, word);
    }
  }

  /** Takes over what a block changed. */
  apply({ accounts, storage, clearedStorage, code }: StateChanges): void {
    for (const address of clearedStorage) this.#clear(address);
    for (const [address, account] of accounts) this.#accounts.set(address, account);
    for (const [address, words] of storage) {
      for (const [slot, word] of words) this.#slots(address).set(slot, word);
    }
    for (const [hash, bytes] of code) this.#code.set(hash, bytes);
  }

  /** Everything that differs from the chain's state. */
  changes(): StateChanges {
    return { accounts: this.#accounts, storage: this.#storage, clearedStorage: this.#cleared, code: this.#code };
  }

  /** The same as overrides. */
  overrides(): StateOverrides {
    const overrides = new Map<Address, AccountOverride>();
    for (const address of new Set([...this.#accounts.keys(), ...this.#storage.keys(), ...this.#cleared])) {
      overrides.set(address, { ...this.#accountOverride(address), ...this.#storageOverride(address) });
    }
    return overrides;
  }

  #accountOverride(address: Address): AccountOverride {
    if (!this.#accounts.has(address)) return {};
    const account = this.#accounts.get(address);
    if (account === undefined) return { nonce: 0n, balance: 0n, code: noBytes };
    const { nonce, balance, codeHash } = account;
    return { nonce, balance, code: this.#codeOf(codeHash) };
  }

  #codeOf(hash: Hex): Uint8Array {
    return hash === emptyCodeHash ? noBytes : (this.#code.get(hash) ?? this.#base.code(hash));
  }

  #storageOverride(address: Address): AccountOverride {
    const slots = this.#storage.get(address);
    if (this.#cleared.has(address)) return { state: slots ?? new SlotWords() };
    return slots === undefined ? {} : { stateDiff: slots };
  }

  #deploy(code: Uint8Array): Hex {
    if (code.length === 0) return emptyCodeHash;
    const hash = keccakHex(code);
    this.#code.set(hash, code);
    return hash;
  }

  #clear(address: Address): void {
    this.#cleared.add(address);
    this.#storage.set(address, new SlotWords());
  }

  #slots(address: Address): SlotWords {
    let slots = this.#storage.get(address);
    if (slots === undefined) {
      slots = new SlotWords();
      this.#storage.set(address, slots);
    }
    return slots;
  }
}
