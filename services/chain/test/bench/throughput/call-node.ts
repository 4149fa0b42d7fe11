import { NodeTooSlow } from "./node-too-slow.ts";

/** Longest wait for an answer: nodes that are this late count as failed. */
const longestMs = 120_000;

/** Posts JSON and answers what came back; throws NodeTooSlow when that takes too long. */
export async function callNode(url: string, body: unknown, timeoutMs: number = longestMs): Promise<unknown> {
  const waitMs = Math.min(timeoutMs, longestMs);
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(waitMs),
    });
    return await response.json();
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "TimeoutError") throw error;
    throw new NodeTooSlow(`no answer for ${Math.round(waitMs / 1000)} s`);
  }
}

/** Calls a method of JSON-RPC; throws when the node answers with an error. */
export async function callMethod(
  url: string,
  method: string,
  params: readonly unknown[],
  timeoutMs?: number,
): Promise<unknown> {
  const answer = await callNode(url, { jsonrpc: "2.0", id: 1, method, params }, timeoutMs);
  const { result, error } = answer as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}
