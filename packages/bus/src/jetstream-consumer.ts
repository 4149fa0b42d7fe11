import { setTimeout as delay } from "node:timers/promises";
import {
  AckPolicy,
  type ConsumerMessages,
  DeliverPolicy,
  JetStreamApiError,
  type JetStreamClient,
  type JetStreamManager,
  type JsMsg,
} from "@nats-io/jetstream";
import { nanos } from "@nats-io/transport-node";
import type { BusEvent, Consumption, OutgoingEvent } from "./bus.ts";
import { BusError } from "./bus-error.ts";
import { type DeliveryContext, deadLetterOf, deliver } from "./delivery.ts";
import type { NetworkNames } from "./network-names.ts";
import { isDeadLetterSubject } from "./subject.ts";

/** What a consumer needs of its bus. */
export interface JetStreamSide {
  readonly client: JetStreamClient;
  readonly manager: JetStreamManager;
  readonly ackWaitMs: number;
  readonly stopGraceMs: number;
  readonly names: NetworkNames;
  /** True when no call can succeed any more. */
  isClosed(): boolean;
  ensureStream(): Promise<string>;
  bury(letter: OutgoingEvent): Promise<void>;
}

const retryDelayMs = 500;

/** Consumes until stopped; makes stream and consumer again when the server has lost them, and tries on while it can make neither. */
export async function consumeDurable(context: DeliveryContext, side: JetStreamSide): Promise<Consumption> {
  const run = new ConsumerRun(context, side);
  await run.open();
  return run;
}

class ConsumerRun implements Consumption {
  readonly #context: DeliveryContext;
  readonly #side: JetStreamSide;
  readonly #abort = new AbortController();
  readonly #stopping = new AbortController();
  readonly #active = new Set<Promise<void>>();
  readonly #concurrency: number;
  #messages: ConsumerMessages | undefined;
  #loop: Promise<void> = Promise.resolve();

  constructor(context: DeliveryContext, side: JetStreamSide) {
    this.#context = context;
    this.#side = side;
    this.#concurrency = context.options.concurrency ?? 16;
  }

  async open(): Promise<void> {
    for (let told = ""; this.#messages === undefined; ) {
      try {
        this.#messages = await this.#subscribe();
      } catch (error) {
        if (this.#side.isClosed() || isRefusal(error)) throw error;
        if (String(error) !== told) this.#context.observe({ kind: "waiting", error });
        told = String(error);
        await delay(retryDelayMs);
      }
    }
    this.#loop = this.#pull();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#messages?.stop();
    const grace = setTimeout(() => this.#abort.abort(new BusError({ code: "BUS_CLOSED" })), this.#side.stopGraceMs);
    await this.#loop;
    await Promise.all(this.#active);
    clearTimeout(grace);
  }

  async #subscribe(): Promise<ConsumerMessages> {
    const { durable, subject } = this.#context.options;
    const stream = await this.#side.ensureStream();
    await this.#side.manager.consumers.add(stream, {
      durable_name: durable,
      filter_subject: this.#side.names.outward(subject),
      ack_policy: AckPolicy.Explicit,
      deliver_policy: DeliverPolicy.All,
      ack_wait: nanos(this.#side.ackWaitMs),
      // Shared by the members of the group, so it bounds what a crash of all of them can have in hand.
      max_ack_pending: Math.max(1_000, this.#concurrency),
    });
    const consumer = await this.#side.client.consumers.get(stream, durable);
    return await consumer.consume({
      max_messages: this.#concurrency,
      idle_heartbeat: 5_000,
      expires: 15_000,
      abort_on_missing_resource: true,
    });
  }

  async #pull(): Promise<void> {
    while (!this.#stopping.signal.aborted) {
      try {
        this.#messages ??= await this.#subscribe();
        if (this.#stopping.signal.aborted) this.#messages.stop();
        for await (const message of this.#messages) {
          // Left unanswered it would come again only after the acknowledgement wait.
          if (this.#stopping.signal.aborted) message.nak();
          else await this.#start(message);
        }
      } catch (error) {
        this.#context.observe({ kind: "disconnected", error });
      }
      this.#messages = undefined;
      await delay(retryDelayMs, undefined, { signal: this.#stopping.signal }).catch(() => undefined);
    }
  }

  async #start(message: JsMsg): Promise<void> {
    const handling = this.#handle(message).finally(() => this.#active.delete(handling));
    this.#active.add(handling);
    if (this.#active.size >= this.#concurrency) await Promise.race(this.#active);
  }

  async #handle(message: JsMsg): Promise<void> {
    const event = eventOf(message, this.#side.names);
    // Long work is not a lost consumer: the wait starts again while the handler is at it.
    const working = setInterval(() => message.working(), this.#side.ackWaitMs / 3);
    try {
      const outcome = await deliver(this.#context, event, this.#abort.signal);
      if (outcome.kind === "again") return message.nak(outcome.delayMs);
      if (outcome.kind === "dead" && !isDeadLetterSubject(event.subject)) {
        await this.#side.bury(deadLetterOf(this.#context.options, event, outcome.error));
      }
      message.ack();
    } catch {
      // The dead letter could not be written: the event stays where it is and comes again.
      message.nak(this.#context.redeliveryDelayMs(event.deliveries));
    } finally {
      clearInterval(working);
    }
  }
}

/** True when the server will say the same again; 503 is a cluster between two leaders. */
function isRefusal(error: unknown): boolean {
  return error instanceof JetStreamApiError && error.status < 500;
}

function eventOf(message: JsMsg, names: NetworkNames): BusEvent {
  const headers: Record<string, string> = {};
  for (const [name, values] of message.headers ?? []) {
    if (!name.startsWith("Nats-")) headers[name] = values[0] ?? "";
  }
  return {
    subject: names.inward(message.subject),
    id: message.headers?.get("Nats-Msg-Id") ?? `${message.info.stream}.${message.seq}`,
    payload: message.data,
    headers,
    deliveries: message.info.deliveryCount,
  };
}
