import { setTimeout as delay } from "node:timers/promises";
import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, headers as createHeaders, type NatsConnection } from "@nats-io/transport-node";
import type { Bus, BusObserver, ConsumeOptions, Consumption, EventScope, OutgoingEvent } from "./bus.ts";
import { BusError } from "./bus-error.ts";
import { growingDelay, type RedeliveryDelay, untraced } from "./delivery.ts";
import { consumeDurable } from "./jetstream-consumer.ts";
import { ensureStream, type StreamLimits } from "./jetstream-streams.ts";
import { connectionOptionsOf, type NatsAccess } from "./nats-access.ts";
import { NetworkNames } from "./network-names.ts";
import { assertConsumable, assertPublishable } from "./subject.ts";

/** Where NATS is, and how its streams and consumers are bounded. */
export interface JetStreamBusOptions {
  readonly servers: readonly string[];
  /** Shown in the server's connection list. */
  readonly name: string;
  readonly access?: NatsAccess;
  /** First word of this network's streams and subjects (`prefixPattern`); networks that share a server need different ones. Default `koinon`. */
  readonly prefix?: string;
  readonly limits?: StreamLimits;
  /** How long NATS waits for an answer before it delivers an event again; a handler that is still at work extends it. Default 30,000. */
  readonly ackWaitMs?: number;
  /** Longest wait for NATS to take an event. Default 5,000. */
  readonly publishTimeoutMs?: number;
  readonly redeliveryDelayMs?: RedeliveryDelay;
  /** How long a stopping consumer may finish what it has in hand before its signal aborts. Default 5,000. */
  readonly stopGraceMs?: number;
}

export interface JetStreamBusDependencies {
  readonly observe?: BusObserver;
  readonly scope?: EventScope;
  /** Ends waiting for the first connection. */
  readonly signal?: AbortSignal;
}

const retryDelayMsMin = 250;
const retryDelayMsMax = 2_000;
/** Longest time for one attempt to connect. */
const attemptMs = 5_000;

/**
 * Connects to NATS, trying on while it is away or refuses; everything after that survives restarts of NATS. Throws BusError
 * CREDENTIALS_INVALID and PREFIX_INVALID, and the signal's reason.
 */
export async function connectJetStreamBus(
  options: JetStreamBusOptions,
  dependencies: JetStreamBusDependencies = {},
): Promise<Bus> {
  const names = new NetworkNames(options.prefix);
  const { connection, manager } = await firstConnection(options, dependencies);
  return new JetStreamBus({ ...options, names }, dependencies, connection, manager);
}

/** A connection to a server whose JetStream works: a cluster that has no leader yet takes connections and nothing else. */
async function firstConnection(
  { servers, name, access = {} }: JetStreamBusOptions,
  { observe, signal }: JetStreamBusDependencies,
): Promise<{ connection: NatsConnection; manager: JetStreamManager }> {
  const encrypted = servers.some((server) => server.startsWith("tls://"));
  const settings = {
    servers: [...servers],
    name,
    maxReconnectAttempts: -1,
    reconnectTimeWait: retryDelayMsMin,
    timeout: attemptMs,
    // A server that is given new users refuses for a while.
    ignoreAuthErrorAbort: true,
    ...connectionOptionsOf(encrypted ? { tls: {}, ...access } : access),
  };
  let told = "";
  for (let waitMs = retryDelayMsMin; ; waitMs = Math.min(2 * waitMs, retryDelayMsMax)) {
    signal?.throwIfAborted();
    let connection: NatsConnection | undefined;
    try {
      connection = await connect(settings);
      return { connection, manager: await jetstreamManager(connection) };
    } catch (error) {
      await connection?.close();
      if (String(error) !== told) observe?.({ kind: "waiting", error });
      told = String(error);
    }
    await delay(waitMs, undefined, signal === undefined ? {} : { signal });
  }
}

class JetStreamBus implements Bus {
  readonly #options: JetStreamBusOptions;
  readonly #names: NetworkNames;
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #client: JetStreamClient;
  readonly #observe: BusObserver;
  readonly #scope: EventScope;
  readonly #consumptions = new Set<Consumption>();
  readonly #streams = new Map<string, Promise<string>>();
  #connected = true;

  constructor(
    options: JetStreamBusOptions & { readonly names: NetworkNames },
    dependencies: JetStreamBusDependencies,
    connection: NatsConnection,
    manager: JetStreamManager,
  ) {
    this.#options = options;
    this.#names = options.names;
    this.#connection = connection;
    this.#manager = manager;
    this.#client = jetstream(connection);
    this.#observe = dependencies.observe ?? (() => undefined);
    this.#scope = dependencies.scope ?? untraced;
    void this.#watch();
  }

  async publish(event: OutgoingEvent): Promise<void> {
    if (this.#connection.isClosed()) throw new BusError({ code: "BUS_CLOSED" });
    assertPublishable(event.subject, event.payload);
    const headers = createHeaders();
    for (const [name, value] of Object.entries(event.headers ?? {})) headers.set(name, value);
    try {
      const stream = await this.#stream(event.subject);
      await this.#client.publish(this.#names.outward(event.subject), event.payload, {
        msgID: event.id,
        headers,
        timeout: this.#options.publishTimeoutMs ?? 5_000,
        expect: { streamName: stream },
      });
    } catch (error) {
      // The stream may have been lost with the server's disk; the next attempt makes it again.
      this.#streams.delete(this.#names.stream(event.subject));
      throw new BusError({ code: "BUS_UNREACHABLE", reason: String(error) }, { cause: error });
    }
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    if (this.#connection.isClosed()) throw new BusError({ code: "BUS_CLOSED" });
    assertConsumable(options.subject, options.durable);
    const consumption = await consumeDurable(
      {
        options,
        redeliveryDelayMs: this.#options.redeliveryDelayMs ?? growingDelay,
        observe: this.#observe,
        scope: this.#scope,
      },
      {
        client: this.#client,
        manager: this.#manager,
        ackWaitMs: this.#options.ackWaitMs ?? 30_000,
        stopGraceMs: this.#options.stopGraceMs ?? 5_000,
        names: this.#names,
        isClosed: () => this.#connection.isClosed(),
        ensureStream: () => this.#ensure(options.subject),
        bury: (letter) => this.publish(letter),
      },
    );
    this.#consumptions.add(consumption);
    return {
      stop: async () => {
        this.#consumptions.delete(consumption);
        await consumption.stop();
      },
    };
  }

  isConnected(): boolean {
    return this.#connected && !this.#connection.isClosed();
  }

  async close(): Promise<void> {
    await Promise.all([...this.#consumptions].map((consumption) => consumption.stop()));
    this.#consumptions.clear();
    // Acknowledgements are sent without waiting; this puts them on the wire. Without a server there is nothing to wait for.
    if (this.isConnected()) await this.#connection.flush().catch(() => undefined);
    await this.#connection.close();
  }

  #stream(subject: string): Promise<string> {
    const name = this.#names.stream(subject);
    const known = this.#streams.get(name);
    if (known !== undefined) return known;
    const ensured = this.#ensure(subject);
    this.#streams.set(name, ensured);
    return ensured;
  }

  #ensure(subject: string): Promise<string> {
    return ensureStream(this.#manager, subject, { names: this.#names, limits: this.#options.limits ?? {} });
  }

  async #watch(): Promise<void> {
    for await (const status of this.#connection.status()) {
      if (status.type === "disconnect") {
        this.#connected = false;
        this.#observe({ kind: "disconnected" });
      } else if (status.type === "reconnect") {
        this.#connected = true;
        this.#observe({ kind: "connected" });
      }
    }
  }
}
