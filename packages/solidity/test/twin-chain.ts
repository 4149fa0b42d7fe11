import { expect } from "@jest/globals";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import {
  type Abi,
  type DecodeEventLogReturnType,
  decodeErrorResult,
  decodeEventLog,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
} from "viem";
import { alice, type Outcome, type Request, type Sender } from "./chain.ts";
import { createEthereumjsChain, type ProvingChain } from "./ethereumjs-chain.ts";
import { createKoinonChain } from "./koinon-chain.ts";

/** A deployed contract, called by name. */
export interface Deployed {
  readonly address: Address;
  /** Sends a transaction that must succeed; its result and decoded events, by this contract's ABI. */
  send(from: Sender, name: string, args?: readonly unknown[]): Promise<Success>;
  /** Sends a transaction that must revert, and gives the name and the arguments of its error. */
  revert(from: Sender, name: string, args?: readonly unknown[]): Promise<{ name: string; args: readonly unknown[] }>;
}

/** What a successful transaction gives. */
export interface Success {
  readonly result: unknown;
  readonly events: readonly { readonly name: string; readonly args: unknown }[];
  readonly gasUsed: bigint;
}

/** Two engines given the same transactions, which must do exactly the same: gas, output, logs. */
export class TwinChain {
  readonly #chains = [createKoinonChain(), createEthereumjsChain()] as const;

  async send(request: Request): Promise<Outcome> {
    const ours = await this.#chains[0].send(request);
    const theirs = await (await this.#chains[1]).send(request);
    expect(ours).toEqual(theirs);
    return ours;
  }

  /** The word in a slot. */
  async storage(address: Address, slot: Hex): Promise<bigint> {
    const ours = await this.#chains[0].storage(address, slot);
    expect(await (await this.#chains[1]).storage(address, slot)).toBe(ours);
    return ours;
  }

  /** The second engine, which has tries. */
  proving(): Promise<ProvingChain> {
    return this.#chains[1];
  }

  async deploy(abi: Abi, bytecode: Hex, args: readonly unknown[] = []): Promise<Deployed> {
    const data = encodeDeployData({ abi, bytecode, args });
    const { succeeded, createdAddress: address } = await this.send({ from: alice, data });
    if (!succeeded || address === undefined) throw new Error("the contract was not deployed");
    return {
      address,
      send: async (from, name, callArgs = []) => {
        const encoded = encodeFunctionData({ abi, functionName: name, args: callArgs });
        const { succeeded: isDone, output, logs, gasUsed } = await this.send({ from, to: address, data: encoded });
        if (!isDone) throw new Error(`${name} failed: ${output}`);
        const result = decodeFunctionResult({ abi, functionName: name, data: output });
        const own = logs.filter((log) => log.address === address);
        return { result, gasUsed, events: own.map((log) => decodeEvent(abi, log)) };
      },
      revert: async (from, name, callArgs = []) => {
        const encoded = encodeFunctionData({ abi, functionName: name, args: callArgs });
        const { succeeded: isDone, output } = await this.send({ from, to: address, data: encoded });
        expect([name, isDone]).toEqual([name, false]);
        const { errorName, args: facts } = decodeErrorResult({ abi, data: output });
        return { name: errorName, args: facts ?? [] };
      },
    };
  }
}

function decodeEvent(abi: Abi, { topics, data }: Outcome["logs"][number]): { name: string; args: unknown } {
  const event: DecodeEventLogReturnType = decodeEventLog({ abi, data, topics: topics as [Hex, ...Hex[]] });
  return { name: String(event.eventName), args: event.args };
}
