import type { BusEvent, Consumption, OutgoingEvent } from "./bus.ts";
import { BusError } from "./bus-error.ts";
import type { DeliveryOutcome } from "./delivery.ts";

type Deliver = (event: BusEvent, signal: AbortSignal) => Promise<DeliveryOutcome>;

interface Entry {
  readonly event: OutgoingEvent;
  deliveries: number;
  readonly settled: PromiseWithResolvers<void>;
}

interface Member {
  readonly concurrency: number;
  readonly deliver: Deliver;
  readonly abort: AbortController;
  active: number;
  stopped: boolean;
  idle: PromiseWithResolvers<void> | undefined;
}

/** One durable of the in-process bus: a bounded queue that outlives its members, and the members that share it. */
export class MemoryDurable {
  readonly name: string;
  readonly filter: string;
  readonly #queuedMax: number;
  readonly #stopGraceMs: number;
  readonly #queue: Entry[] = [];
  readonly #members: Member[] = [];
  /** Entries that wait for their redelivery. */
  readonly #delayed = new Map<Entry, NodeJS.Timeout>();
  #open = 0;
  #closed = false;

  constructor(name: string, filter: string, bounds: { queuedMax: number; stopGraceMs: number }) {
    this.name = name;
    this.filter = filter;
    this.#queuedMax = bounds.queuedMax;
    this.#stopGraceMs = bounds.stopGraceMs;
  }

  assertRoom(): void {
    if (this.#open >= this.#queuedMax) {
      throw new BusError({ code: "BUS_OVERLOADED", durable: this.name, queued: this.#open });
    }
  }

  /** Resolves when the event was handled or buried. */
  take(event: OutgoingEvent): Promise<void> {
    const settled = Promise.withResolvers<void>();
    this.#open += 1;
    this.#queue.push({ event, deliveries: 0, settled });
    this.#dispatch();
    return settled.promise;
  }

  join(concurrency: number, deliver: Deliver): Consumption {
    const abort = new AbortController();
    const member: Member = { concurrency, deliver, abort, active: 0, stopped: false, idle: undefined };
    this.#members.push(member);
    this.#dispatch();
    return { stop: () => this.#leave(member) };
  }

  /** Lets the members finish; what is still queued rejects, so that its publisher keeps it. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#members].map((member) => this.#leave(member)));
    for (const timer of this.#delayed.values()) clearTimeout(timer);
    const left = [...this.#queue.splice(0), ...this.#delayed.keys()];
    this.#delayed.clear();
    for (const entry of left) entry.settled.reject(new BusError({ code: "BUS_CLOSED" }));
  }

  async #leave(member: Member): Promise<void> {
    member.stopped = true;
    const index = this.#members.indexOf(member);
    if (index >= 0) this.#members.splice(index, 1);
    if (member.active === 0) return;
    member.idle ??= Promise.withResolvers<void>();
    const grace = setTimeout(() => member.abort.abort(new BusError({ code: "BUS_CLOSED" })), this.#stopGraceMs);
    await member.idle.promise;
    clearTimeout(grace);
  }

  #dispatch(): void {
    while (this.#queue.length > 0) {
      const member = this.#leastBusy();
      if (member === undefined) return;
      void this.#run(member, this.#queue.shift() as Entry);
    }
  }

  /** The member with the most room, so that several in one process share the work as they would over a network. */
  #leastBusy(): Member | undefined {
    let best: Member | undefined;
    for (const member of this.#members) {
      if (member.active < member.concurrency && member.active < (best?.active ?? Infinity)) best = member;
    }
    return best;
  }

  async #run(member: Member, entry: Entry): Promise<void> {
    member.active += 1;
    entry.deliveries += 1;
    const event = { ...entry.event, headers: entry.event.headers ?? {}, deliveries: entry.deliveries };
    const outcome = await member.deliver(event, member.abort.signal);
    member.active -= 1;
    if (outcome.kind === "again") {
      this.#later(entry, outcome.delayMs);
    } else {
      this.#open -= 1;
      entry.settled.resolve();
    }
    if (member.stopped && member.active === 0) member.idle?.resolve();
    this.#dispatch();
  }

  #later(entry: Entry, delayMs: number): void {
    if (this.#closed) {
      this.#queue.push(entry);
      return;
    }
    const again = () => {
      this.#delayed.delete(entry);
      this.#queue.push(entry);
      this.#dispatch();
    };
    this.#delayed.set(entry, setTimeout(again, delayMs));
  }
}
