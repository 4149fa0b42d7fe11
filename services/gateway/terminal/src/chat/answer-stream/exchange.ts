import { faultOf, type GatewayFault } from "../../gateway/fault.ts";
import { CompletionReader } from "./completion-reader.ts";
import type { Reading } from "./reading.ts";

/** What an answer's headers say: who serves it, with what, at which price. */
export interface AnswerHead {
  /** `x-request-id`; the receipt is found by it. */
  readonly requestId: string | null;
  /** Address of the provider. */
  readonly provider: string | null;
  readonly providerName: string | null;
  /** Hash of the model's manifest. */
  readonly manifest: string | null;
  readonly priceId: string | null;
}

/** How an exchange ended. Only "complete" is an answer; everything else is shown as what it is. */
export type ExchangeEnd =
  | { readonly kind: "complete" }
  /** The person stopped it. */
  | { readonly kind: "stopped" }
  /** It ended without having said that it is complete. */
  | { readonly kind: "broken"; readonly reason: string }
  /** There was no answer. */
  | { readonly kind: "refused"; readonly fault: GatewayFault };

/** One exchange with the exact bytes of both directions. */
export interface FinishedExchange {
  readonly end: ExchangeEnd;
  readonly head: AnswerHead | null;
  readonly response: Uint8Array<ArrayBuffer>;
  readonly reading: Reading;
}

/** Told of an exchange while it runs. */
export interface ExchangeListener {
  onHead(head: AnswerHead): void;
  onReading(reading: Reading): void;
}

/** An answer larger than this is given up as broken. */
export const responseBytesMax = 8 << 20;

/** Asks and reads the answer to its end, keeping every byte. Never rejects. */
export async function runExchange(
  post: (signal: AbortSignal) => Promise<Response>,
  signal: AbortSignal,
  listener: ExchangeListener,
): Promise<FinishedExchange> {
  const reader = new CompletionReader();
  const chunks: Uint8Array[] = [];
  let head: AnswerHead | null = null;
  let end: ExchangeEnd;
  try {
    signal.throwIfAborted();
    const response = await post(signal);
    head = headOf(response.headers);
    listener.onHead(head);
    end = await readBody(response, (chunk) => {
      chunks.push(chunk);
      listener.onReading(reader.feed(chunk));
    });
    end = endOf(end, reader.reading);
  } catch (error) {
    end = endOfThrown(error, signal, head === null ? null : reader.reading);
  }
  return { end, head, response: concatenate(chunks), reading: reader.reading };
}

async function readBody(response: Response, take: (chunk: Uint8Array) => void): Promise<ExchangeEnd> {
  const body = response.body?.getReader();
  if (body === undefined) return { kind: "broken", reason: "The answer had no body." };
  for (let bytes = 0; ; ) {
    const { done, value } = await body.read();
    if (done) return { kind: "complete" };
    bytes += value.length;
    if (bytes > responseBytesMax) {
      await body.cancel();
      return { kind: "broken", reason: "The answer grew beyond 8 MiB." };
    }
    take(value);
  }
}

function endOf(end: ExchangeEnd, reading: Reading): ExchangeEnd {
  if (end.kind !== "complete") return end;
  if (reading.error !== null) return { kind: "broken", reason: reading.error };
  if (!reading.isDone) return { kind: "broken", reason: "The stream ended before the answer was complete." };
  return end;
}

function endOfThrown(error: unknown, signal: AbortSignal, begun: Reading | null): ExchangeEnd {
  if (signal.aborted) return { kind: "stopped" };
  const fault = faultOf(error) ?? { code: "UNREACHABLE" };
  if (begun !== null)
    return { kind: "broken", reason: begun.error ?? "The connection was lost before the answer was complete." };
  return { kind: "refused", fault };
}

function headOf(headers: Headers): AnswerHead {
  return {
    requestId: headers.get("x-request-id"),
    provider: headers.get("x-koinon-provider"),
    providerName: decodeName(headers.get("x-koinon-provider-name")),
    manifest: headers.get("x-koinon-model"),
    priceId: headers.get("x-koinon-price"),
  };
}

/** The gateway sends names percent-encoded, since headers hold no other letters. */
function decodeName(name: string | null): string | null {
  if (name === null) return null;
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

function concatenate(chunks: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((length, chunk) => length + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return whole;
}
