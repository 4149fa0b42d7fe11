import { Evm } from "@koinon/evm/evm";
import { precompiles } from "@koinon/precompiles/precompiles";
import { zeroAddress } from "@koinon/secp256k1/address";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import { MemoryState } from "@koinon/state/memory-state";
import { type Chain, type Outcome, type Request, senders, settings } from "./chain.ts";

/** A chain on @koinon/evm, its state in maps. */
export function createKoinonChain(): Chain {
  const state = new MemoryState(senders.map(({ address }) => [address, { balance: settings.coins }]));
  const evm = new Evm(
    { chainId: settings.chainId, codeCacheBytes: 1 << 22, hashSecret: 1n },
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
        logs: logs.map(({ address, topics, data }) => ({ address, topics, data: bytesToHex(data) })),
      });
    },
    storage: (address, slot) => Promise.resolve(state.storage(address, BigInt(slot))),
  };
}
