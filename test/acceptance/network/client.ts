import OpenAI from "openai";
import { request } from "undici";
import type { Network } from "./network.ts";
import { upstreamModel } from "./upstream.ts";

/** One answer with the exact bytes that went over the wire. */
export interface Exchange {
  readonly status: number;
  readonly headers: Record<string, string | string[] | undefined>;
  readonly requestBytes: Buffer;
  readonly responseBytes: Buffer;
}

/** The official client, pointed at the network; it does not retry, so that a failure is seen. */
export function openaiClient(network: Network, apiKey = network.apiKey): OpenAI {
  return new OpenAI({ baseURL: `${network.url}/v1`, apiKey, maxRetries: 0 });
}

/** POSTs a chat completion and keeps the bytes. */
export async function chat(
  network: Network,
  prompt: string,
  options: { apiKey?: string; extra?: object; headers?: Record<string, string> } = {},
): Promise<Exchange> {
  const requestBytes = Buffer.from(
    JSON.stringify({
      model: upstreamModel,
      messages: [{ role: "user", content: prompt }],
      max_tokens: 64,
      ...options.extra,
    }),
  );
  const { statusCode, headers, body } = await request(`${network.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      "content-type": "application/json",
      authorization: `Bearer ${options.apiKey ?? network.apiKey}`,
      ...options.headers,
    },
    body: requestBytes,
  });
  return { status: statusCode, headers, requestBytes, responseBytes: Buffer.from(await body.arrayBuffer()) };
}

/** GETs (or POSTs) JSON from the gateway. */
export async function api<T>(
  network: Network,
  path: string,
  options: { apiKey?: string; body?: object; method?: "GET" | "POST" | "DELETE" } = {},
): Promise<{ status: number; body: T }> {
  const { statusCode, body } = await request(`${network.url}${path}`, {
    method: options.method ?? (options.body === undefined ? "GET" : "POST"),
    headers: { authorization: `Bearer ${options.apiKey ?? network.apiKey}`, "content-type": "application/json" },
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
  return { status: statusCode, body: (await body.json()) as T };
}

/** Balance of a key, as numbers of micro-credits. */
export async function budget(
  network: Network,
  apiKey: string,
): Promise<{ limit: bigint; spent: bigint; reserved: bigint; available: bigint }> {
  const { body } = await api<Record<"limit" | "spent" | "reserved" | "available", string>>(network, "/v1/budget", {
    apiKey,
  });
  return {
    limit: BigInt(body.limit),
    spent: BigInt(body.spent),
    reserved: BigInt(body.reserved),
    available: BigInt(body.available),
  };
}

/** Creates a key with a budget of its own. */
export async function createKey(network: Network, budgetMicroCredits: bigint): Promise<{ id: string; key: string }> {
  const { status, body } = await api<{ id: string; key: string }>(network, "/v1/keys", {
    apiKey: network.adminKey,
    body: { name: "acceptance", budget: budgetMicroCredits.toString() },
  });
  if (status >= 300) throw new Error(`creating a key was answered ${status}: ${JSON.stringify(body)}`);
  return body;
}

/** GETs a proof bundle with a query; undefined when it is answered 503, to be asked for again. */
export async function tryBundle(network: Network, id: string, query = ""): Promise<Buffer | undefined> {
  const { statusCode, body } = await request(`${network.url}/v1/receipts/${id}/bundle${query}`, {
    headers: { authorization: `Bearer ${network.apiKey}` },
  });
  const bytes = Buffer.from(await body.arrayBuffer());
  if (statusCode === 200) return bytes;
  if (statusCode === 503) return undefined;
  throw new Error(`bundle of ${id} was answered ${statusCode}: ${bytes.toString("utf8")}`);
}

/** The proof bundle of a request, as bytes; waits until it is logged. */
export async function fetchBundle(network: Network, id: string, apiKey = network.apiKey): Promise<Buffer> {
  for (let attempt = 0; attempt < 6; attempt += 1) {
    const { statusCode, body } = await request(`${network.url}/v1/receipts/${id}/bundle`, {
      headers: { authorization: `Bearer ${apiKey}` },
    });
    const bytes = Buffer.from(await body.arrayBuffer());
    if (statusCode === 200) return bytes;
    if (statusCode !== 503) throw new Error(`bundle of ${id} was answered ${statusCode}: ${bytes.toString("utf8")}`);
  }
  throw new Error(`receipt ${id} was not logged in time`);
}
