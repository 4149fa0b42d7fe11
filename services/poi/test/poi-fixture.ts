import type { Bus } from "@koinon/bus/bus";
import { MemoryBus } from "@koinon/bus/memory-bus";
import { ContributionServiceDefinition } from "@koinon/contracts/koinon/poi/v1/contribution_service";
import { LogServiceDefinition, ReceiptsLogged } from "@koinon/contracts/koinon/poi/v1/log_service";
import type { SampleWork } from "@koinon/contributions/sample-work";
import type { Database } from "@koinon/postgres/database";
import { createClient } from "@koinon/rpc/client";
import type { Client } from "@koinon/rpc/handler";
import { LocalServices } from "@koinon/rpc/in-process";
import { createLogger } from "@koinon/runtime/logger";
import { Secret } from "@koinon/runtime/secret";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { TestDatabase, TestPostgres } from "@koinon/testkit/postgres";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import { createSignerKey, formatSignerKey } from "@koinon/tlog/note-key";
import { type Meter, metrics } from "@opentelemetry/api";
import type { PoiConfig } from "../src/config.ts";
import { poiMigrations } from "../src/migrations.ts";
import { Poi } from "../src/poi.ts";
import { settledEvent } from "./settled-events.ts";

/** The log's key in tests. */
export const logKey = createSignerKey("log.example/test", "ed25519", new Uint8Array(32).fill(42), nodeEd25519);

/** A poi process and clients of it, as the gateway has them. */
export interface RunningPoi {
  readonly poi: Poi;
  readonly log: Client<LogServiceDefinition>;
  readonly contributions: Client<ContributionServiceDefinition>;
  stop(): Promise<void>;
}

/** A clock that runs, and can be moved. */
class ShiftedClock {
  shiftMs = 0;

  now(): number {
    return Date.now() + this.shiftMs;
  }
}

/** A database with poi's schema, a bus, and the poi processes that a test starts on them. */
export class PoiFixture {
  readonly clock = new ShiftedClock();
  readonly database: Database;
  readonly place: TestDatabase;
  readonly bus: Bus;
  /** Leaves that ReceiptsLogged events told, by receipt. */
  readonly logged = new Map<Hex, bigint[]>();
  /** What handlers threw that is no declared fault. */
  readonly bugs: unknown[] = [];
  readonly #running = new Set<RunningPoi>();

  private constructor(place: TestDatabase) {
    this.place = place;
    this.bus = new MemoryBus({ redeliveryDelayMs: () => 20 }, { clock: this.clock });
    this.database = place.open({ schema: "poi", applicationName: "test" });
  }

  static async open(postgres: TestPostgres): Promise<PoiFixture> {
    const fixture = new PoiFixture(await postgres.database([poiMigrations]));
    await fixture.bus.consume({
      ...{ durable: "market", subject: "koinon.poi.v1.logged.>", maxDeliveries: 3, concurrency: 4 },
      handler: async ({ payload }) => fixture.#noteLogged(payload),
    });
    return fixture;
  }

  /** A poi process that is started. */
  async start(overrides: Partial<PoiConfig> = {}, meter: Meter = metrics.getMeter("test")): Promise<RunningPoi> {
    const log = createLogger({ name: "poi", level: "silent", clock: this.clock });
    const { clock, bus } = this;
    const poi = new Poi({ ...configOf(this.place.url), ...overrides }, { clock, log, meter, bus });
    await poi.start();
    const services = new LocalServices({ clock, onBug: (error) => this.bugs.push(error) });
    for (const binding of poi.services) services.add(binding);
    const channel = services.channel("gateway");
    const running: RunningPoi = {
      poi,
      log: createClient(LogServiceDefinition, channel, {}, { clock }),
      contributions: createClient(ContributionServiceDefinition, channel, {}, { clock }),
      stop: async () => {
        if (!this.#running.delete(running)) return;
        await poi.quiesce();
        await poi.stop();
      },
    };
    this.#running.add(running);
    return running;
  }

  /** Publishes settled work, all at once; resolves when poi has handled it. */
  async publish(works: readonly SampleWork[], attempt = 1): Promise<void> {
    await Promise.all(works.map((work) => this.bus.publish(settledEvent(work, attempt))));
  }

  async close(): Promise<void> {
    for (const running of this.#running) await running.stop();
    await this.bus.close();
    await this.database.close();
    if (this.bugs.length > 0) throw new AggregateError(this.bugs, String(this.bugs[0]));
  }

  #noteLogged(payload: Uint8Array): void {
    for (const { receiptId, index } of ReceiptsLogged.decode(payload).receipts) {
      const id = bytesToHex(receiptId);
      this.logged.set(id, [...(this.logged.get(id) ?? []), index]);
    }
  }
}

/** Configuration with short times. */
export function configOf(url: string): PoiConfig {
  return {
    ...{
      databaseUrl: new Secret(url),
      databasePoolSize: 4,
      databaseWaitMs: 5_000,
      logKey: new Secret(formatSignerKey(logKey)),
    },
    ...{ chainId: 31_337n, verifyingContract: "0x0000000000000000000000000000000000000000" },
    ...{ checkpointIntervalMs: 20, witnesses: [], witnessThreshold: 0 },
    ...{ holdMs: 600_000, heldMax: 1_000, batchMax: 256, concurrency: 512 },
    ...{ anchorRpcUrl: undefined, anchorChainId: undefined, anchorRegistry: undefined, anchorKey: undefined },
    ...{ anchorIntervalMs: 100, anchorConfirmations: 0, anchorFeeMax: 100_000_000_000n },
  };
}
