import type { ServiceBinding } from "@koinon/rpc/binding";
import { type Health, healthOf } from "@koinon/runtime/health";
import type { Module } from "@koinon/runtime/module";
import { parseAddress } from "@koinon/secp256k1/address";
import { engineSecret, readGenesis, rpcAddress } from "./chain-settings.ts";
import type { ChainModuleConfig } from "./config.ts";
import type { ExecutionPayload } from "./engine/execution-engine.ts";
import { EngineClient } from "./engine/rpc/engine-client.ts";
import type { EngineServer } from "./engine/rpc/engine-server.ts";
import { createForwardedMethods } from "./engine/rpc/forwarded-methods.ts";
import { startForwardingServer } from "./engine/rpc/forwarding-server.ts";
import { ChainMetrics } from "./metrics.ts";
import { noCommitments, SoloProposer } from "./proposer/solo-proposer.ts";
import type { ShardDependencies } from "./shard.ts";

const engineTimeoutMs = 8_000;
const clientVersion = "koinon-proposer/v0.1.0";

/** The solo proposer over another client's engine, which has the chain and its pool; JSON-RPC is passed on to it. */
export class RemoteShard implements Module {
  readonly name = "chain";
  readonly services: readonly ServiceBinding[] = [];
  readonly #config: ChainModuleConfig;
  readonly #chainId: bigint;
  readonly #dependencies: ShardDependencies;
  readonly #metrics: ChainMetrics;
  readonly #engine: EngineClient;
  readonly #proposer: SoloProposer;
  readonly #stopping = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #rpc: EngineServer | undefined;
  #stopObserving: () => void = () => undefined;
  #proposed: ExecutionPayload | undefined;
  #failure: string | undefined;

  static async open(config: ChainModuleConfig, url: string, dependencies: ShardDependencies): Promise<RemoteShard> {
    const { forks, chainId } = (await readGenesis(config.genesisFile)).config;
    const secret = engineSecret(config);
    const engine = new EngineClient({ url, secret, timeoutMs: engineTimeoutMs }, { forks, clock: dependencies.clock });
    return new RemoteShard(config, { engine, chainId }, dependencies);
  }

  private constructor(
    config: ChainModuleConfig,
    { engine, chainId }: { readonly engine: EngineClient; readonly chainId: bigint },
    dependencies: ShardDependencies,
  ) {
    this.#config = config;
    this.#chainId = chainId;
    this.#dependencies = dependencies;
    this.#metrics = new ChainMetrics(dependencies.meter);
    this.#engine = engine;
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
        adopted: ({ payload }) => this.#note(payload),
      },
    );
  }

  async start(): Promise<void> {
    const { log } = this.#dependencies;
    const { number, hash } = await this.#engine.head(this.#stopping.signal);
    this.#stopObserving = this.#metrics.observeHeight(() => Number(this.#proposed?.blockNumber ?? number));
    const rpcPort = await this.#startRpc();
    log.info({ number: number.toString(), hash, rpcPort }, "proposing over another client");
    this.#running = this.#propose();
  }

  async quiesce(): Promise<void> {
    this.#stopping.abort();
    await this.#running;
    await this.#rpc?.close();
    this.#rpc = undefined;
  }

  async stop(): Promise<void> {
    await this.quiesce();
    this.#stopObserving();
  }

  health(): Health {
    const proposed = this.#proposed === undefined ? "nothing proposed yet" : `block ${this.#proposed.blockNumber}`;
    return healthOf([{ name: "engine", ok: this.#failure === undefined, detail: this.#failure ?? proposed }]);
  }

  async #startRpc(): Promise<number | undefined> {
    const address = rpcAddress(this.#config);
    if (address === undefined) return undefined;
    const { rpcCorsOrigins: corsOrigins, rpcHosts: hosts } = this.#config;
    const methods = createForwardedMethods(this.#engine, { chainId: this.#chainId, clientVersion });
    const options = { ...address, policy: { corsOrigins, hosts } };
    this.#rpc = await startForwardingServer(options, { ...this.#dependencies, methods });
    return this.#rpc.port;
  }

  #note(payload: ExecutionPayload): void {
    this.#proposed = payload;
    this.#metrics.committed({ gasUsed: payload.gasUsed, transactionCount: payload.transactions.length });
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
