import { request } from "undici";

/** A response as it came. */
export interface RpcAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** What a call came to. */
export interface RpcResponse {
  readonly id: unknown;
  readonly result?: unknown;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: string };
}

/** Posts a text as it is. */
export async function post(url: string, body: string, headers: Record<string, string> = {}): Promise<RpcAnswer> {
  const answer = await request(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body,
  });
  return { status: answer.statusCode, headers: answer.headers, text: await answer.body.text() };
}

/** Calls a method and gives its response. */
export async function call(url: string, method: string, ...params: readonly unknown[]): Promise<RpcResponse> {
  const { text } = await post(url, JSON.stringify({ jsonrpc: "2.0", id: 1, method, params }));
  return JSON.parse(text) as RpcResponse;
}

/** Calls a method and gives its result; throws when there is an error. */
export async function resultOf(url: string, method: string, ...params: readonly unknown[]): Promise<unknown> {
  const { result, error } = await call(url, method, ...params);
  if (error !== undefined) throw new Error(`${method}: ${error.code} ${error.message}`);
  return result;
}
