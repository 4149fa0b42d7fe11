import type { BusEvent, BusObserver, ConsumeOptions, EventScope, OutgoingEvent } from "./bus.ts";
import { PoisonMessage } from "./bus-error.ts";
import { deadLetterSubject } from "./subject.ts";

/** What becomes of an event after one delivery. */
export type DeliveryOutcome = { kind: "done" } | { kind: "again"; delayMs: number } | { kind: "dead"; error: unknown };

/** Pause before the next delivery of an event that failed so many times. */
export type RedeliveryDelay = (deliveries: number) => number;

/** 100 ms, doubled each time, at most 30 s. */
export const growingDelay: RedeliveryDelay = (deliveries) => Math.min(100 * 2 ** (deliveries - 1), 30_000);

/** What every implementation gives to the delivery rules. */
export interface DeliveryContext {
  readonly options: ConsumeOptions;
  readonly redeliveryDelayMs: RedeliveryDelay;
  readonly observe: BusObserver;
  readonly scope: EventScope;
}

/** Hands one event to the handler and says what follows; the rules are the same on every bus. */
export async function deliver(
  context: DeliveryContext,
  event: BusEvent,
  signal: AbortSignal,
): Promise<DeliveryOutcome> {
  const { options, observe } = context;
  const facts = { durable: options.durable, filter: options.subject, deliveries: event.deliveries };
  // More deliveries than allowed without a recorded failure: the process died each time while it had the event in hand.
  if (event.deliveries > options.maxDeliveries) {
    return dead(context, event, new Error("delivered too often without an answer"));
  }
  try {
    await context.scope(event, options.durable, () => options.handler(event, signal));
    observe({ kind: "handled", ...facts });
    return { kind: "done" };
  } catch (error) {
    observe({ kind: "failed", ...facts, error });
    if (error instanceof PoisonMessage || event.deliveries >= options.maxDeliveries) return dead(context, event, error);
    return { kind: "again", delayMs: context.redeliveryDelayMs(event.deliveries) };
  }
}

/** The dead letter of an event: its payload, with its origin and the failure as headers. */
export function deadLetterOf(options: ConsumeOptions, event: BusEvent, error: unknown): OutgoingEvent {
  return {
    subject: deadLetterSubject(options.subject, options.durable),
    id: `${event.id}.dlq.${options.durable}`,
    payload: event.payload,
    headers: {
      ...event.headers,
      "koinon-subject": event.subject,
      "koinon-id": event.id,
      "koinon-deliveries": String(event.deliveries),
      "koinon-error": headerText(error instanceof Error ? error.message : String(error)),
    },
  };
}

/** The scope of a bus that nobody traces. */
export const untraced: EventScope = (_event, _durable, handle) => handle();

function dead(context: DeliveryContext, event: BusEvent, error: unknown): DeliveryOutcome {
  const { durable, subject } = context.options;
  context.observe({ kind: "dead-lettered", durable, filter: subject, deliveries: event.deliveries, error });
  return { kind: "dead", error };
}

/** Header values are one line of printable ASCII. */
function headerText(text: string): string {
  return text.replaceAll(/[^\x20-\x7e]+/g, " ").slice(0, 500);
}
