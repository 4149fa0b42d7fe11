import { RpcError } from "@koinon/rpc/rpc-error";
import { type AttemptFailure, failureFromRpcError } from "./attempt.ts";
import type { ProviderAnswer } from "./provider-connection.ts";

/** How an answer begins. */
export type Opening =
  /** Content has begun to flow: from here on nobody else can answer. */
  | { readonly kind: "content"; readonly contentType: string; readonly first: Uint8Array }
  /** The engine refuses the request itself (4xx): passed on as it is, not charged, and no other provider would answer otherwise. */
  | { readonly kind: "refusal"; readonly status: number; readonly contentType: string }
  /** Nothing came that a client could see. */
  | { readonly kind: "failure"; readonly failure: AttemptFailure };

/** Reads an answer up to its first byte of content. Throws only the signal's reason, or what is no failure of the provider. */
export async function openAnswer(answer: ProviderAnswer, signal: AbortSignal): Promise<Opening> {
  try {
    const head = await answer.next();
    if (head === undefined) return failure("BROKEN");
    if (head.kind !== "head") return failure("PROTOCOL_VIOLATED");
    const { status, contentType } = head;
    if (status !== 200) return openingOfStatus(status, contentType);
    return await firstContent(answer, contentType);
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof RpcError)) throw error;
    return failure(failureFromRpcError(error));
  }
}

async function firstContent(answer: ProviderAnswer, contentType: string): Promise<Opening> {
  for (;;) {
    const part = await answer.next();
    if (part === undefined) return failure("BROKEN");
    if (part.kind !== "chunk") return failure("PROTOCOL_VIOLATED");
    if (part.bytes.length > 0) return { kind: "content", contentType, first: part.bytes };
  }
}

// 408 and 429 are about the engine's moment, not about the request; RFC 9110 section 15.5.9, RFC 6585 section 4.
function openingOfStatus(status: number, contentType: string): Opening {
  if (status === 429) return failure("OVERLOADED");
  if (status === 408) return failure("TIMED_OUT");
  if (status >= 400 && status < 500) return { kind: "refusal", status, contentType };
  return failure(status >= 500 && status < 600 ? "BROKEN" : "PROTOCOL_VIOLATED");
}

function failure(reason: AttemptFailure): Opening {
  return { kind: "failure", failure: reason };
}
