/** Longest wait for an answer: nodes that are this late count as failed. */
const timeoutMs = 120_000;

/** Posts JSON and answers what came back. */
export async function callNode(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(timeoutMs),
  });
  return await response.json();
}

/** Calls a method of JSON-RPC; throws when the node answers with an error. */
export async function callMethod(url: string, method: string, params: readonly unknown[]): Promise<unknown> {
  const answer = await callNode(url, { jsonrpc: "2.0", id: 1, method, params });
  const { result, error } = answer as { result?: unknown; error?: { message: string } };
  if (error !== undefined) throw new Error(`${method}: ${error.message}`);
  return result;
}
