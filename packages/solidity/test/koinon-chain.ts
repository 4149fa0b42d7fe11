import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import type { StateChanges, StateReader } from "@koinon/ethereum/state-access";
import { Evm } from "@koinon/evm/evm";
import { precompiles } from "@koinon/precompiles/precompiles";
import { type Address, zeroAddress } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { type Chain, type Outcome, type Request, senders, settings } from "./chain.ts";

/** A chain on @koinon/evm, its state in maps. */
export function createKoinonChain(): Chain {
  const state = new MemoryState();
  const evm = new Evm(
    { chainId: settings.chainId, codeCacheBytes: 1 << 22 },
    { precompiles, recoverAuthority: () => undefined },
  );
  let number = 0n;
  return {
    send({ from, to, data }: Request): Promise<Outcome> {
      number += 1n;
      const block = {
        ...{ number, timestamp: settings.startTimestamp + number * settings.secondsPerBlock },
        ...{ gasLimit: settings.gasLimit, beneficiary: zeroAddress, prevRandao: `0x${"00".repeat(32)}` as const },
        ...{ baseFeePerGas: settings.baseFeePerGas, baseFeePerBlobGas: 1n, blockHash: () => undefined },
      };
      const execution = evm.beginBlock({ fork: settings.fork, state, block });
      const { succeeded, gasUsed, output, logs, createdAddress } = execution.executeTransaction({
        sender: from.address,
        transaction: {
          ...{ type: 0, chainId: settings.chainId, nonce: state.account(from.address)?.nonce ?? 0n },
          ...{ gasPrice: settings.gasPrice, gasLimit: settings.gasLimit, to, value: 0n, data: hexToBytes(data) },
        },
      });
      state.apply(execution.changes());
      return Promise.resolve({
        ...{ succeeded, gasUsed, createdAddress: succeeded ? createdAddress : undefined },
        output: bytesToHex(output),
        logs: logs.map((log) => ({ ...log, data: bytesToHex(log.data) })),
      });
    },
    storage: (address, slot) => Promise.resolve(state.storage(address, BigInt(slot))),
  };
}

class MemoryState implements StateReader {
  readonly #accounts = new Map<Address, Account>();
  readonly #storage = new Map<Address, Map<bigint, bigint>>();
  readonly #code = new Map<Hex, Uint8Array>();

  constructor() {
    for (const { address } of senders) {
      this.#accounts.set(address, { nonce: 0n, balance: settings.coins, codeHash: emptyCodeHash });
    }
  }

  account(address: Address): Account | undefined {
    return this.#accounts.get(address);
  }

  storage(address: Address, slot: bigint): bigint {
    return this.#storage.get(address)?.get(slot) ?? 0n;
  }

  code(codeHash: Hex): Uint8Array {
    const code = this.#code.get(codeHash);
    if (code === undefined) throw new Error(`no code ${codeHash}`);
    return code;
  }

  apply({ accounts, storage, clearedStorage, code }: StateChanges): void {
    for (const [address, account] of accounts) {
      if (account === undefined) this.#accounts.delete(address);
      else this.#accounts.set(address, account);
    }
    for (const address of clearedStorage) this.#storage.delete(address);
    for (const [address, words] of storage) {
      const slots = this.#storage.get(address) ?? new Map<bigint, bigint>();
      for (const [slot, word] of words) slots.set(slot, word);
      this.#storage.set(address, slots);
    }
    for (const [hash, bytes] of code) this.#code.set(hash, bytes);
  }
}
