import { createRequire } from "node:module";
import { describe } from "@jest/globals";
import { freePort } from "@koinon/machine/free-port";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { checkpointRegistryBytecode } from "@koinon/solidity/artifacts/checkpoint-registry";
import { type Child, startChild } from "@koinon/testkit/child-process";
import { waitFor } from "@koinon/testkit/wait-for";
import { z } from "zod";
import { Chain } from "../../src/anchor/chain.ts";
import { JsonRpc } from "../../src/anchor/json-rpc.ts";

const require = createRequire(import.meta.url);

/** A development chain of its own, which mines a block for every transaction unless it is told not to. */
export class Anvil {
  readonly url: string;
  readonly chain: Chain;
  readonly #child: Child;
  readonly #rpc: JsonRpc;

  private constructor(child: Child, url: string) {
    this.#child = child;
    this.url = url;
    this.#rpc = new JsonRpc({ url, timeoutMs: 20_000, attemptsMax: 1 });
    this.chain = new Chain({ rpc: this.#rpc });
  }

  static async start(program: string, chainId = 31_338): Promise<Anvil> {
    const port = await freePort();
    const args = ["--port", String(port), "--chain-id", String(chainId), "--order", "fees"];
    const child = await startChild({ command: program, args, ready: /Listening on/ });
    return new Anvil(child, `http://127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    await this.#rpc.close();
    await this.#child.kill();
  }

  /** Calls one of anvil's own methods. */
  control(method: string, ...params: readonly unknown[]): Promise<unknown> {
    return this.#rpc.call(method, params, z.unknown(), new AbortController().signal);
  }

  /** Hands in a transaction of an account that anvil keeps the key of, with gas enough. */
  async submit(from: Address, to: Address | undefined, data: Hex, more: object = {}): Promise<Hex> {
    const transaction = { from, data, gas: "0x2dc6c0", ...(to === undefined ? {} : { to }), ...more };
    return (await this.control("eth_sendTransaction", transaction)) as Hex;
  }

  /** Hands in a transaction, and waits for its block: anvil mines a moment after it has taken it. Gives its receipt. */
  async send(from: Address, to: Address | undefined, data: Hex): Promise<{ readonly contractAddress: Address }> {
    const hash = await this.submit(from, to, data);
    return await waitFor(
      async () =>
        ((await this.control("eth_getTransactionReceipt", hash)) as { contractAddress: Address } | null) ?? undefined,
    );
  }

  /** A new registry, deployed by this account. */
  async deployRegistry(from: Address): Promise<Address> {
    return (await this.send(from, undefined, checkpointRegistryBytecode)).contractAddress;
  }

  async accounts(): Promise<readonly Address[]> {
    return (await this.control("eth_accounts")) as Address[];
  }
}

/** anvil's program from its npm package, or undefined where that has none for the platform. */
export function findAnvil(): string | undefined {
  try {
    const wrapper = require.resolve("@foundry-rs/anvil/package.json");
    const arch = process.arch === "x64" ? "amd64" : process.arch;
    return createRequire(wrapper).resolve(`@foundry-rs/anvil-${process.platform}-${arch}/bin/anvil`);
  } catch {
    return undefined;
  }
}

/** A suite that needs anvil: where it is absent the suite is reported as skipped, with the reason in its name. */
export function describeWithAnvil(name: string, suite: (program: string) => void): void {
  const program = findAnvil();
  // biome-ignore lint/suspicious/noSkippedTests: an absent program is the stated reason, and CI has it
  if (program === undefined) describe.skip(`${name} (skipped: @foundry-rs/anvil has no binary here)`, () => suite(""));
  else describe(name, () => suite(program));
}
