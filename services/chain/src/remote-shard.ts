import type { ServiceBinding } from "@koinon/rpc/binding";
import { type Health, healthOf } from "@koinon/runtime/health";
import type { Module } from "@koinon/runtime/module";
import { parseAddress } from "@koinon/secp256k1/address";
import { engineSecret, readGenesis } from "./chain-settings.ts";
import type { ChainModuleConfig } from "./config.ts";
import { EngineClient } from "./engine/rpc/engine-client.ts";
import { noCommitments, SoloProposer } from "./proposer/solo-proposer.ts";
import type { ShardDependencies } from "./shard.ts";

const engineTimeoutMs = 8_000;

/** The solo proposer over another client's engine, which has the chain, its pool and its JSON-RPC. */
export class RemoteShard implements Module {
  readonly name = "chain";
  readonly services: readonly ServiceBinding[] = [];
  readonly #dependencies: ShardDependencies;
  readonly #proposer: SoloProposer;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #failure: string | undefined;

  static async open(config: ChainModuleConfig, url: string, dependencies: ShardDependencies): Promise<RemoteShard> {
    const { forks } = (await readGenesis(config.genesisFile)).config;
    const secret = engineSecret(config);
    const engine = new EngineClient({ url, secret, timeoutMs: engineTimeoutMs }, { forks, clock: dependencies.clock });
    return new RemoteShard(config, engine, dependencies);
  }

  private constructor(config: ChainModuleConfig, engine: EngineClient, dependencies: ShardDependencies) {
    this.#dependencies = dependencies;
    this.#proposer = new SoloProposer(
      {
        intervalMs: config.blockIntervalMs,
        // What waits in the other client's pool is not known here.
        emptyBlocks: true,
        feeRecipient: parseAddress(config.feeRecipient),
        buildMs: config.engineBuildMs,
      },
      {
        ...dependencies,
        engine,
        commitments: noCommitments,
        itemsWait: async () => undefined,
        itemsWaiting: () => 0,
      },
    );
  }

  async start(): Promise<void> {
    this.#running = this.#propose();
  }

  async quiesce(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
  }

  async stop(): Promise<void> {
    await this.quiesce();
  }

  health(): Health {
    const failure = this.#failure;
    return healthOf([
      { name: "engine", ok: failure === undefined, ...(failure === undefined ? {} : { detail: failure }) },
    ]);
  }

  async #propose(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      await this.#proposer.run(signal);
    } catch (error) {
      if (signal.aborted) return;
      // The process starts again with the engine's head, which is all that there is to know.
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#dependencies.fail(error);
    }
  }
}
