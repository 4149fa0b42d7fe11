import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import type { StateReader } from "@koinon/ethereum/state-access";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import type { AccountOverride, StateOverrides } from "../chain-view.ts";

const noAccount: Account = { nonce: 0n, balance: 0n, codeHash: emptyCodeHash };

/** A state in which some accounts are otherwise. */
export function overrideState(state: StateReader, overrides: StateOverrides): StateReader {
  const accounts = new Map<Address, Account>();
  const code = new Map<Hex, Uint8Array>();
  for (const [address, override] of overrides) {
    accounts.set(address, overrideAccount(state.account(address) ?? noAccount, override, code));
  }
  return {
    account: (address) => accounts.get(address) ?? state.account(address),
    storage: (address, slot) => overriddenSlot(overrides.get(address), slot) ?? state.storage(address, slot),
    hasStorage: (address) => overriddenStorage(overrides.get(address)) ?? state.hasStorage(address),
    code: (codeHash) => code.get(codeHash) ?? state.code(codeHash),
  };
}

function overrideAccount(account: Account, override: AccountOverride, code: Map<Hex, Uint8Array>): Account {
  const { nonce = account.nonce, balance = account.balance } = override;
  let { codeHash } = account;
  if (override.code !== undefined) {
    codeHash = bytesToHex(keccak256(override.code));
    code.set(codeHash, override.code);
  }
  return { nonce, balance, codeHash };
}

function overriddenSlot(override: AccountOverride | undefined, slot: bigint): bigint | undefined {
  if (override === undefined) return undefined;
  const changed = override.stateDiff?.get(slot);
  if (changed !== undefined || override.state === undefined) return changed;
  return override.state.get(slot) ?? 0n;
}

/** Whether replaced storage holds something; undefined when that is left to the state. */
function overriddenStorage(override: AccountOverride | undefined): boolean | undefined {
  const words = override?.state ?? override?.stateDiff ?? [];
  for (const [, word] of words) if (word !== 0n) return true;
  // Whether zeros clear the last slot that there was would take reading all of them; the answer is that they do not.
  return override?.state === undefined ? undefined : false;
}
