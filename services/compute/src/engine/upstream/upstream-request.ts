import type { EngineCall } from "../answer-engine.ts";

/** What is sent to an OpenAI-compatible server for a call. */
export interface UpstreamRequest {
  readonly body: Uint8Array;
  /** The usage chunk was asked for by us and has to be taken out of the stream again. */
  readonly usageInjected: boolean;
}

/**
 * The body for the upstream: the client's own bytes when nothing has to change; otherwise with the upstream's name for the model and,
 * on streams whose client did not ask for it, with the usage chunk that the metering needs.
 */
export function upstreamRequest(call: EngineCall, parsed: Readonly<Record<string, unknown>>): UpstreamRequest {
  const streams = parsed.stream === true && call.endpoint !== "embeddings";
  const options = (parsed.stream_options ?? {}) as Readonly<Record<string, unknown>>;
  const usageInjected = streams && options.include_usage !== true;
  const renamed = parsed.model !== call.model;
  if (!usageInjected && !renamed) return { body: call.body, usageInjected };
  const changed = {
    ...parsed,
    model: call.model,
    ...(usageInjected ? { stream_options: { ...options, include_usage: true } } : {}),
  };
  return { body: Buffer.from(JSON.stringify(changed)), usageInjected };
}
