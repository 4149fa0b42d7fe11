import type { Bus } from "@koinon/bus/bus";
import { OutboxRelay } from "@koinon/bus/outbox-relay";
import { awaitDatabase } from "@koinon/postgres/await-database";
import { Database } from "@koinon/postgres/database";
import { PageTokens } from "@koinon/postgres/page-token";
import { createKoinonDomain } from "@koinon/receipts/domain";
import type { ServiceBinding } from "@koinon/rpc/binding";
import { type Health, healthOf } from "@koinon/runtime/health";
import type { Logger } from "@koinon/runtime/logger";
import type { Module } from "@koinon/runtime/module";
import { parseAddress } from "@koinon/secp256k1/address";
import { parseVerifierKey } from "@koinon/tlog/note-key";
import type { Meter } from "@opentelemetry/api";
import { anchorConfigOf } from "./anchor/anchor-config.ts";
import { AnchorPart } from "./anchor/anchor-part.ts";
import type { PoiConfig } from "./config.ts";
import { Cosigning } from "./log/cosigning.ts";
import { openLogKey } from "./log/log-key.ts";
import { LogProofs } from "./log/log-proofs.ts";
import { nodeHasher } from "./log/node-hasher.ts";
import { PublishedLog, publishedChannel } from "./log/published-log.ts";
import { PoiMetrics } from "./metrics.ts";
import { poiMigrations } from "./migrations.ts";
import { bindContributionService } from "./rpc/contribution-service.ts";
import { bindLogService } from "./rpc/log-service.ts";
import { Leadership } from "./sequencer/leadership.ts";
import { SettledVerifier } from "./settled/settled-verifier.ts";
import { assertOrigin } from "./store/tree-store.ts";

/** What poi gets from its host. */
export interface PoiDependencies {
  readonly clock: { now(): number };
  readonly log: Logger;
  readonly meter: Meter;
  readonly bus: Bus;
}

const housekeepingIntervalMs = 1_000;
// A term that fails this often in a row is no hiccup.
const failuresMax = 3;

/** The contribution log: waits to be its sequencer, and answers readers all the while. */
export class Poi implements Module {
  readonly name = "poi";
  readonly services: readonly ServiceBinding[];
  readonly #origin: string;
  readonly #databaseWaitMs: number;
  readonly #log: Logger;
  readonly #database: Database;
  readonly #bus: Bus;
  readonly #published: PublishedLog;
  readonly #relay: OutboxRelay;
  readonly #leadership: Leadership;
  /** Undefined where nothing is anchored. */
  readonly #anchors: AnchorPart | undefined;
  readonly #metrics: PoiMetrics;
  #stopObserving: () => void = () => undefined;
  /** Why the database is still waited for. */
  #awayReason: string | undefined;

  constructor(config: PoiConfig, { clock, log, meter, bus }: PoiDependencies) {
    const key = openLogKey(config.logKey.reveal());
    const connection = { url: config.databaseUrl.reveal(), applicationName: "poi", schema: poiMigrations.schema };
    const onConnectionLost = (error: unknown) => log.warn({ err: error }, "database connection lost");
    this.#origin = key.origin;
    this.#databaseWaitMs = config.databaseWaitMs;
    this.#log = log;
    this.#bus = bus;
    this.#metrics = new PoiMetrics(meter);
    this.#database = new Database({ ...connection, poolSize: config.databasePoolSize }, { onConnectionLost });
    const database = this.#database;
    this.#published = new PublishedLog({ database, onFailure: onConnectionLost });
    const published = this.#published;
    this.#relay = new OutboxRelay({ source: "poi", afterPublish: "delete" }, { database, bus });
    const verifyingContract = parseAddress(config.verifyingContract);
    const domain = createKoinonDomain({ chainId: config.chainId, verifyingContract });
    this.#leadership = new Leadership(
      {
        ...{ connection, housekeepingIntervalMs, channel: publishedChannel },
        ...{ concurrency: config.concurrency, queueMax: 2 * config.concurrency, batchMax: config.batchMax },
        ...{ heldMax: config.heldMax, holdMs: config.holdMs, checkpointIntervalMs: config.checkpointIntervalMs },
      },
      {
        ...{ bus, key, clock, log, metrics: this.#metrics, hasher: nodeHasher },
        verifier: new SettledVerifier({ domain }, { clock }),
        onWritten: () => this.#relay.wake(),
      },
    );
    const anchor = anchorConfigOf(config);
    this.#anchors =
      anchor &&
      new AnchorPart(
        { anchor, origin: key.origin, witnessThreshold: config.witnessThreshold, channel: publishedChannel },
        {
          ...{ database, clock, log, metrics: this.#metrics, hasher: nodeHasher },
          isLeader: () => this.#leadership.state.role === "sequencer",
        },
      );
    const anchors = this.#anchors?.lookup;
    const proofs = new LogProofs(config, { database, published, hasher: nodeHasher, anchors });
    const witnesses = config.witnesses.map(parseVerifierKey);
    const cosigning = new Cosigning({ witnesses }, { database, metrics: this.#metrics });
    const pageTokens = new PageTokens({ key: key.derive("page tokens") });
    this.services = [
      bindLogService({ key, published, proofs, cosigning, database }),
      bindContributionService({ database, pageTokens }),
    ];
  }

  /**
   * Resolves when readers are served and, unless another process is the sequencer, events are taken.
   */
  async start(signal?: AbortSignal): Promise<void> {
    await this.#awaitDatabase(signal);
    await assertOrigin(this.#database, this.#origin);
    await this.#published.start();
    this.#relay.start();
    this.#leadership.start();
    this.#stopObserving = this.#metrics.observe({
      sequencer: () => {
        const { state } = this.#leadership;
        if (state.role !== "sequencer") return undefined;
        return { treeSize: state.writer.treeSize, held: state.writer.held, queued: state.sequencer.queued };
      },
      publishedSize: () => this.#published.current?.size,
      anchoredSize: () => this.#anchors?.anchoredSize,
    });
    await this.#leadership.settled();
    this.#anchors?.start();
    await this.#published.read();
  }

  /** Writes and publishes what is in hand, and hands the log over to a standby. Readers are still served. */
  async quiesce(): Promise<void> {
    await this.#anchors?.quiesce();
    await this.#leadership.stop();
  }

  async stop(): Promise<void> {
    this.#stopObserving();
    await this.#anchors?.stop();
    await this.#leadership.stop();
    await this.#relay.stop();
    await this.#published.stop();
    await this.#database.close();
  }

  health(): Health {
    const { state, failures } = this.#leadership;
    const { role } = state;
    const parts = [
      { name: "database", ok: this.#published.isConnected, ...detailOf(this.#awayReason) },
      { name: "sequencer", ok: role !== "stopped" && failures < failuresMax, detail: role },
      { name: "bus", ok: this.#bus.isConnected() },
      ...(this.#anchors === undefined ? [] : [this.#anchors.health()]),
    ];
    return healthOf(parts, ["database"]);
  }

  async #awaitDatabase(signal: AbortSignal | undefined): Promise<void> {
    await awaitDatabase(this.#database, {
      waitMs: this.#databaseWaitMs,
      signal,
      waiting: (error) => {
        this.#log.warn({ err: error }, "database can not be reached; trying on");
        this.#awayReason = error.message;
      },
    });
    this.#awayReason = undefined;
  }
}

function detailOf(reason: string | undefined): { readonly detail?: string } {
  return reason === undefined ? {} : { detail: reason };
}
