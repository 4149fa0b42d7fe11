import { EngineError } from "../errors.ts";
import type { LoadOptions } from "../load-store.ts";

/** What the parent tells an engine process on the first line of its stdin. */
export interface EngineOrder extends LoadOptions {
  /** Unix socket to serve on. */
  readonly socket: string;
  /** How long running answers may take to end on SIGTERM. */
  readonly drainMs: number;
}

/** What the engine process prints once it serves. */
export const readyLine = "koinon-engine ready";

/** An order as one line. */
export function formatEngineOrder(order: EngineOrder): string {
  return `${JSON.stringify(order)}\n`;
}

/** Reads an order; only the parent writes it, so the check is against mistakes, not malice. */
export function parseEngineOrder(line: string): EngineOrder {
  const order = JSON.parse(line) as Partial<EngineOrder> | null;
  const numbers = [order?.threads, order?.slots, order?.queueMax, order?.contextTokensMax, order?.drainMs];
  const texts = [order?.socket, order?.modelsFolder];
  if (!numbers.every(Number.isSafeInteger) || !texts.every((text) => typeof text === "string" && text.length > 0)) {
    throw new EngineError({ code: "ENGINE_FAILED", reason: "the order on stdin is malformed" });
  }
  return order as EngineOrder;
}
