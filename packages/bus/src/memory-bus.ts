import type {
  Bus,
  BusEvent,
  BusObserver,
  ConsumeOptions,
  Consumption,
  Durable,
  EventScope,
  OutgoingEvent,
} from "./bus.ts";
import { BusError } from "./bus-error.ts";
import {
  type DeliveryContext,
  deadLetterOf,
  deliver,
  growingDelay,
  type RedeliveryDelay,
  untraced,
} from "./delivery.ts";
import { MemoryDurable } from "./memory-durable.ts";
import { assertConsumable, assertPublishable, isDeadLetterSubject, matches } from "./subject.ts";

/** Bounds of the in-process bus. */
export interface MemoryBusOptions {
  /** Most events waiting for one durable; one more is refused with BUS_OVERLOADED. Default 10,000. */
  readonly queuedMax?: number;
  /** Durables that are there from the beginning: what is published before their first member has come waits for it. */
  readonly durables?: readonly Durable[];
  readonly redeliveryDelayMs?: RedeliveryDelay;
  /** How long a stopping consumer may finish what it has in hand before its signal aborts. Default 5,000. */
  readonly stopGraceMs?: number;
}

export interface MemoryBusDependencies {
  readonly clock: { now(): number };
  readonly observe?: BusObserver;
  readonly scope?: EventScope;
}

const duplicateWindowMs = 120_000;
const rememberedMax = 100_000;
const deadLettersMax = 1_000;

/** The bus of a process that runs all its modules itself: the rules of JetStream without its persistence; publishers keep an outbox. */
export class MemoryBus implements Bus {
  readonly #options: MemoryBusOptions;
  readonly #clock: { now(): number };
  readonly #observe: BusObserver;
  readonly #scope: EventScope;
  readonly #durables = new Map<string, MemoryDurable>();
  /** Recent ids, in order of age, with the outcome that a repeated publish shares. */
  readonly #recent = new Map<string, { publishedAt: number; handled: Promise<void> }>();
  readonly #deadLetters: BusEvent[] = [];
  #closed = false;

  constructor(options: MemoryBusOptions, dependencies: MemoryBusDependencies) {
    this.#options = options;
    this.#clock = dependencies.clock;
    this.#observe = dependencies.observe ?? (() => undefined);
    this.#scope = dependencies.scope ?? untraced;
    for (const durable of options.durables ?? []) this.#durableOf(durable);
  }

  async publish(event: OutgoingEvent): Promise<void> {
    if (this.#closed) throw new BusError({ code: "BUS_CLOSED" });
    assertPublishable(event.subject, event.payload);
    this.#forget();
    const repeated = this.#recent.get(event.id);
    if (repeated !== undefined) return await repeated.handled;
    const wanted = [...this.#durables.values()].filter((durable) => matches(durable.filter, event.subject));
    for (const durable of wanted) durable.assertRoom();
    const handled = Promise.all(wanted.map((durable) => durable.take(event))).then(() => undefined);
    this.#recent.set(event.id, { publishedAt: this.#clock.now(), handled });
    await handled;
  }

  async consume(options: ConsumeOptions): Promise<Consumption> {
    if (this.#closed) throw new BusError({ code: "BUS_CLOSED" });
    const durable = this.#durableOf(options);
    const context: DeliveryContext = {
      options,
      redeliveryDelayMs: this.#options.redeliveryDelayMs ?? growingDelay,
      observe: this.#observe,
      scope: this.#scope,
    };
    return durable.join(options.concurrency ?? 16, async (event, signal) => {
      const outcome = await deliver(context, event, signal);
      if (outcome.kind === "dead") this.#bury(options, event, outcome.error);
      return outcome;
    });
  }

  isConnected(): boolean {
    return !this.#closed;
  }

  /** The last dead letters, newest last. */
  deadLetters(): readonly BusEvent[] {
    return this.#deadLetters;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#durables.values()].map((durable) => durable.close()));
  }

  #durableOf({ durable: name, subject }: Durable): MemoryDurable {
    assertConsumable(subject, name);
    const existing = this.#durables.get(name);
    if (existing !== undefined && existing.filter !== subject) {
      throw new BusError({ code: "DURABLE_CONFLICT", durable: name, subject, existing: existing.filter });
    }
    const { queuedMax = 10_000, stopGraceMs = 5_000 } = this.#options;
    const durable = existing ?? new MemoryDurable(name, subject, { queuedMax, stopGraceMs });
    this.#durables.set(name, durable);
    return durable;
  }

  #bury(options: ConsumeOptions, event: BusEvent, error: unknown): void {
    if (isDeadLetterSubject(event.subject)) return;
    const letter = deadLetterOf(options, event, error);
    this.#deadLetters.push({ ...letter, headers: letter.headers ?? {}, deliveries: 1 });
    if (this.#deadLetters.length > deadLettersMax) this.#deadLetters.shift();
    // Whoever consumes dead letters must not hold up the event's publisher.
    void this.publish(letter).catch(() => undefined);
  }

  #forget(): void {
    const oldest = this.#clock.now() - duplicateWindowMs;
    for (const [id, { publishedAt }] of this.#recent) {
      if (publishedAt > oldest && this.#recent.size <= rememberedMax) return;
      this.#recent.delete(id);
    }
  }
}
