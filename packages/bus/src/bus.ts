/** An event as its owner publishes it. */
export interface OutgoingEvent {
  /** `koinon.<domain>.v1.<event>.<key>`. */
  readonly subject: string;
  /** The same id within two minutes is the same event and is delivered once. */
  readonly id: string;
  /** At most 512 KiB. */
  readonly payload: Uint8Array;
  /** Trace context and the like; names in lower case. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** An event as a consumer gets it. */
export interface BusEvent {
  readonly subject: string;
  readonly id: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
  /** 1 for the first delivery. */
  readonly deliveries: number;
}

/** A group of consumers, and which events are its. */
export interface Durable {
  /** Name of the group: each event goes to one member of each group. Letters, digits, `-` and `_`. */
  readonly durable: string;
  /** One filter; `*` stands for one token, a last `>` for the rest. */
  readonly subject: string;
}

/** What a consumer wants and how much of it at once. */
export interface ConsumeOptions extends Durable {
  /** After so many failed deliveries the event goes to the dead letters. */
  readonly maxDeliveries: number;
  /** Events in hand at once. Default 16. */
  readonly concurrency?: number;
  /** Resolves when the event's effect is durable; a rejection asks for redelivery, a PoisonMessage for none. The signal aborts when stopping takes too long. */
  handler(event: BusEvent, signal: AbortSignal): Promise<void>;
}

/** A running consumer. */
export interface Consumption {
  /** Takes no further event and waits for those in hand; what was not finished is delivered again to whoever consumes next. */
  stop(): Promise<void>;
}

/**
 * At-least-once events between services. Order is kept as long as nothing fails, and nobody may rely on it. A consumer gets what was
 * published since its durable was first consumed; earlier events only as far as the bus kept them.
 */
export interface Bus {
  /** Resolves when the bus has taken the event: in process, when every durable consumer has handled it. */
  publish(event: OutgoingEvent): Promise<void>;
  consume(options: ConsumeOptions): Promise<Consumption>;
  /** True when events can be taken now. */
  isConnected(): boolean;
  /** Stops every consumer and lets go of the connection. */
  close(): Promise<void>;
}

/** What a bus tells whoever counts; `durable` and `subject` are bounded: filters and names, never keys. */
export type BusObservation =
  | {
      kind: "handled" | "failed" | "dead-lettered";
      durable: string;
      filter: string;
      deliveries: number;
      error?: unknown;
    }
  /** `waiting`: there is no connection yet, and trying goes on; told once of each reason. */
  | { kind: "connected" | "disconnected" | "waiting"; error?: unknown };

/** Where observations go. */
export type BusObserver = (observation: BusObservation) => void;

/** Runs a handler inside the trace that the event's headers name. */
export type EventScope = (event: BusEvent, durable: string, handle: () => Promise<void>) => Promise<void>;
