import { createBlock } from "@ethereumjs/block";
import { createCustomCommon, Hardfork, Mainnet } from "@ethereumjs/common";
import { getMerkleStateProof, MerkleStateManager } from "@ethereumjs/statemanager";
import { createLegacyTx } from "@ethereumjs/tx";
import { createAccount, createAddressFromString, hexToBytes } from "@ethereumjs/util";
import { createVM, runTx } from "@ethereumjs/vm";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { ProofReply } from "../src/storage-proof.ts";
import { type Chain, type Outcome, type Request, senders, settings } from "./chain.ts";

/** A chain that also has tries. */
export interface ProvingChain extends Chain {
  stateRoot(): Promise<Hex>;
  /** As eth_getProof at the latest state. */
  prove(address: Address, slots: readonly Hex[]): Promise<ProofReply>;
}

/** A chain on @ethereumjs/vm, the second opinion. */
export async function createEthereumjsChain(): Promise<ProvingChain> {
  const common = createCustomCommon({ chainId: Number(settings.chainId) }, Mainnet, { hardfork: Hardfork.Prague });
  const stateManager = new MerkleStateManager({ common });
  const vm = await createVM({ common, stateManager });
  for (const { address } of senders) {
    await vm.stateManager.putAccount(createAddressFromString(address), createAccount({ balance: settings.coins }));
  }
  let number = 0n;
  return {
    async send({ from, to, data }: Request): Promise<Outcome> {
      number += 1n;
      const timestamp = settings.startTimestamp + number * settings.secondsPerBlock;
      const header = { number, timestamp, gasLimit: settings.gasLimit, baseFeePerGas: settings.baseFeePerGas };
      const block = createBlock({ header }, { common });
      const account = await vm.stateManager.getAccount(createAddressFromString(from.address));
      const { gasPrice, gasLimit } = settings;
      const fields = { nonce: account?.nonce ?? 0n, gasPrice, gasLimit, data };
      const tx = createLegacyTx(to === undefined ? fields : { ...fields, to }, { common }).sign(from.privateKey);
      const { execResult, totalGasSpent, receipt, createdAddress } = await runTx(vm, { tx, block });
      const succeeded = execResult.exceptionError === undefined;
      return {
        ...{ succeeded, gasUsed: totalGasSpent, output: bytesToHex(execResult.returnValue) },
        logs: receipt.logs.map(([address, topics, logged]) => ({
          ...{ address: bytesToHex(address), topics: topics.map((topic) => bytesToHex(topic)) },
          data: bytesToHex(logged),
        })),
        createdAddress: succeeded ? (createdAddress?.toString() as Address | undefined) : undefined,
      };
    },
    stateRoot: async () => bytesToHex(await stateManager.getStateRoot()),
    prove: (address, slots) =>
      getMerkleStateProof(
        stateManager,
        createAddressFromString(address),
        slots.map((slot) => hexToBytes(slot)),
      ),
    async storage(address, slot) {
      const word = await vm.stateManager.getStorage(createAddressFromString(address), hexToBytes(slot));
      return BigInt(`0x0${bytesToHex(word).slice(2)}`);
    },
  };
}
