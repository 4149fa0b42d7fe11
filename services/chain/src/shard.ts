import type { Bus } from "@koinon/bus/bus";
import type { ServiceBinding } from "@koinon/rpc/binding";
import type { SystemClock } from "@koinon/runtime/clock";
import { type Health, healthOf } from "@koinon/runtime/health";
import type { Logger } from "@koinon/runtime/logger";
import type { Module } from "@koinon/runtime/module";
import type { Random } from "@koinon/runtime/random";
import { parseAddress } from "@koinon/secp256k1/address";
import { implementation } from "@koinon/secp256k1/ecdsa";
import type { Meter } from "@opentelemetry/api";
import { type Chain, openChain } from "./chain.ts";
import {
  chainOptionsOf,
  engineSecret,
  listenAddress,
  queuesWithdrawals,
  readGenesis,
  rpcAddress,
} from "./chain-settings.ts";
import type { ChainModuleConfig } from "./config.ts";
import { createEngineMethods } from "./engine/rpc/engine-methods.ts";
import { type EngineServer, startEngineServer } from "./engine/rpc/engine-server.ts";
import { CommittedPublisher } from "./events/committed-publisher.ts";
import { bindChainService } from "./grpc/chain-service.ts";
import { bindWithdrawalService } from "./grpc/withdrawal-service.ts";
import { createConsensusMethods } from "./jsonrpc/consensus-methods.ts";
import { JsonRpcServer } from "./jsonrpc/json-rpc-server.ts";
import { ChainMetrics } from "./metrics.ts";
import { watchPool } from "./proposer/pool-watch.ts";
import { noCommitments, SoloProposer } from "./proposer/solo-proposer.ts";

/** What a shard gets from its host. */
export interface ShardDependencies {
  readonly clock: SystemClock;
  readonly random: Random;
  readonly log: Logger;
  readonly meter: Meter;
  readonly bus: Bus;
  /** The shard can not go on. */
  fail(error: unknown): void;
}

/** Names this client to consensus clients and wallets. */
const clientVersion = "koinon/v0.1.0";
const expireEveryMs = 60_000;

/** A chain with its servers and its proposer. */
export class Shard implements Module {
  readonly name = "chain";
  readonly services: readonly ServiceBinding[];
  readonly #config: ChainModuleConfig;
  readonly #dependencies: ShardDependencies;
  readonly #chain: Chain;
  readonly #metrics: ChainMetrics;
  readonly #rpc: JsonRpcServer | undefined;
  readonly #proposing = new AbortController();
  readonly #publishing = new AbortController();
  #engineServer: EngineServer | undefined;
  #proposer: Promise<void> = Promise.resolve();
  #publisher: Promise<void> = Promise.resolve();
  #stopObserving: () => void = () => undefined;
  #expiry: NodeJS.Timeout | undefined;
  #failure: string | undefined;

  /** Opens the chain; throws ChainError, EthereumError or StateError when that can not be done. */
  static async open(config: ChainModuleConfig, dependencies: ShardDependencies): Promise<Shard> {
    const { clock, random, log, meter } = dependencies;
    const metrics = new ChainMetrics(meter);
    const chain = await openChain(chainOptionsOf(config, await readGenesis(config.genesisFile)), {
      clock,
      random,
      workerLost: (cause, replaced) => {
        metrics.workerLost();
        log.warn({ err: cause, replaced }, "a recovery thread ended");
      },
      callThreadLost: (cause) => {
        metrics.callThreadLost();
        log.warn({ err: cause }, "a call thread ended");
      },
      journalFailed: (cause) => {
        metrics.journalFailed();
        log.error({ err: cause }, "waiting transactions are no longer kept in the journal");
      },
    });
    return new Shard(config, dependencies, { chain, metrics });
  }

  private constructor(
    config: ChainModuleConfig,
    dependencies: ShardDependencies,
    { chain, metrics }: { readonly chain: Chain; readonly metrics: ChainMetrics },
  ) {
    this.#config = config;
    this.#dependencies = dependencies;
    this.#chain = chain;
    this.#metrics = metrics;
    this.services = [
      bindChainService(chain.view),
      ...(queuesWithdrawals(config) ? [bindWithdrawalService(chain.withdrawals, config.withdrawalCallers)] : []),
    ];
    const policy = { corsOrigins: config.rpcCorsOrigins, hosts: config.rpcHosts };
    const address = rpcAddress(config);
    this.#rpc =
      address &&
      new JsonRpcServer(
        { ...address, policy, clientVersion },
        {
          ...dependencies,
          view: chain.view,
          answered: (method, outcome) => this.#metrics.rpcAnswered(method, outcome),
        },
      );
  }

  async start(): Promise<void> {
    const { log } = this.#dependencies;
    const { reader, mempool } = this.#chain.view;
    const { hash, header } = reader.head();
    this.#stopObserving = this.#metrics.observe(this.#chain);
    this.#publisher = this.#publish();
    await this.#restorePool();
    await this.#startEngineServer();
    const port = await this.#rpc?.start();
    const [chainId, number] = [reader.config.chainId.toString(), header.number.toString()];
    // Which library recovers senders decides much of what a shard takes in.
    log.info({ chainId, number, hash, rpcPort: port, curve: implementation }, "chain open");
    this.#expiry = setInterval(() => mempool.expire(), expireEveryMs);
    if (this.#config.proposer === "solo") this.#proposer = this.#propose();
  }

  /** Proposes no more; what was adopted goes to disk and the bus. */
  async quiesce(): Promise<void> {
    this.#proposing.abort();
    await this.#proposer;
    await this.#engineServer?.close();
    await this.#rpc?.stop();
  }

  async stop(): Promise<void> {
    await this.quiesce();
    clearInterval(this.#expiry);
    await this.#chain.engine.flush();
    this.#publishing.abort();
    await this.#publisher;
    this.#stopObserving();
    await this.#chain.close();
  }

  health(): Health {
    const failure = this.#failure;
    const parts = [
      { name: "chain", ok: failure === undefined, ...(failure === undefined ? {} : { detail: failure }) },
      { name: "bus", ok: this.#dependencies.bus.isConnected() },
    ];
    return healthOf(parts, ["chain"]);
  }

  /** The pool is a convenience: a journal that can not be read or written keeps no chain from starting. */
  async #restorePool(): Promise<void> {
    const { log } = this.#dependencies;
    try {
      const { transactions, isDamaged } = await this.#chain.restorePool(this.#proposing.signal);
      if (isDamaged) log.warn({ transactions }, "the journal of waiting transactions was cut where it is damaged");
    } catch (error) {
      this.#metrics.journalFailed();
      log.error({ err: error }, "waiting transactions could not be taken back from the journal, and none are kept");
    }
  }

  async #startEngineServer(): Promise<void> {
    const { engineListen } = this.#config;
    if (engineListen === undefined) return;
    const { view, engine } = this.#chain;
    const client = { code: "KN", name: "koinon", version: "v0.1.0", commit: "0x00000000" };
    const methods = [createEngineMethods(engine, view.reader.config.forks, client), createConsensusMethods(view)];
    const options = { ...listenAddress("CHAIN_ENGINE_LISTEN", engineListen), secret: engineSecret(this.#config) };
    this.#engineServer = await startEngineServer(options, { ...this.#dependencies, methods });
  }

  async #propose(): Promise<void> {
    const { blockIntervalMs: intervalMs, emptyBlocks, feeRecipient } = this.#config;
    const proposer = new SoloProposer(
      { intervalMs, emptyBlocks, feeRecipient: parseAddress(feeRecipient), buildMs: 0 },
      {
        ...this.#dependencies,
        ...watchPool(this.#chain.view.mempool, this.#chain.withdrawals),
        engine: this.#chain.engine,
        commitments: { ...noCommitments, withdrawals: ({ hash }) => this.#chain.withdrawals.after(hash) },
      },
    );
    await this.#untilStopped(proposer.run(this.#proposing.signal), this.#proposing.signal);
  }

  async #publish(): Promise<void> {
    const { bus, clock, log } = this.#dependencies;
    const { view, store } = this.#chain;
    const publisher = new CommittedPublisher({
      ...{ chainId: view.reader.config.chainId, store, subscriptions: view.subscriptions, bus, clock },
      published: ({ header, transactionCount }) =>
        this.#metrics.committed({ gasUsed: header.gasUsed, transactionCount }),
      failed: (error) => {
        this.#metrics.publishFailed();
        log.warn({ err: error }, "a block's event could not be published");
      },
    });
    await this.#untilStopped(publisher.run(this.#publishing.signal), this.#publishing.signal);
  }

  /** Reports what ends before it should. */
  async #untilStopped(running: Promise<void>, signal: AbortSignal): Promise<void> {
    try {
      await running;
    } catch (error) {
      if (signal.aborted && error === signal.reason) return;
      this.#failure = error instanceof Error ? error.message : String(error);
      this.#dependencies.fail(error);
    }
  }
}
