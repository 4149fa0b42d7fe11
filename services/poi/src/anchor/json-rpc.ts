import { setTimeout as delay } from "node:timers/promises";
import { isFault } from "@koinon/errors/domain-error";
import { Pool } from "undici";
import { z } from "zod";
import { AnchorError } from "./anchor-error.ts";

/** A node's JSON-RPC endpoint and how long it is waited for. */
export interface JsonRpcOptions {
  /** http or https; may hold credentials, so it is never logged. */
  readonly url: string;
  /** Longest time for one attempt, milliseconds. */
  readonly timeoutMs: number;
  /** Attempts of one call, while the node can not be reached. */
  readonly attemptsMax: number;
}

const replySchema = z.object({
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string() }).optional(),
});

// A block without transactions or a proof has a few kB; with all its hashes, less than this.
const replyBytesMax = 4 * 1024 * 1024;
const reasonLengthMax = 200;
const pauseMs = 200;

/** Calls a node by JSON-RPC 2.0 over HTTP. Every call may be repeated: sending a transaction twice sends it once. */
export class JsonRpc {
  readonly #options: JsonRpcOptions;
  readonly #path: string;
  readonly #headers: Record<string, string>;
  readonly #pool: Pool;
  #id = 0;

  constructor(options: JsonRpcOptions) {
    const url = new URL(options.url);
    const credentials = `${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`;
    this.#options = options;
    this.#path = `${url.pathname}${url.search}`;
    this.#headers = {
      "content-type": "application/json",
      ...(credentials === ":" ? {} : { authorization: `Basic ${Buffer.from(credentials).toString("base64")}` }),
    };
    this.#pool = new Pool(url.origin, { connections: 2 });
  }

  /** The result of a method. Throws AnchorError CHAIN_UNREACHABLE, CHAIN_REFUSED or CHAIN_REPLY_MALFORMED. */
  async call<T>(method: string, params: readonly unknown[], schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.#attempt(method, params, schema, signal);
      } catch (error) {
        signal.throwIfAborted();
        if (attempt >= this.#options.attemptsMax || !isFault(error, "CHAIN_UNREACHABLE")) throw error;
        await delay(pauseMs * 2 ** (attempt - 1), undefined, { signal });
      }
    }
  }

  async close(): Promise<void> {
    await this.#pool.destroy();
  }

  async #attempt<T>(method: string, params: readonly unknown[], schema: z.ZodType<T>, signal: AbortSignal): Promise<T> {
    this.#id += 1;
    const body = JSON.stringify({ jsonrpc: "2.0", id: this.#id, method, params });
    const reply = replySchema.safeParse(parseJson(await this.#post(method, body, signal), method));
    if (!reply.success) throw malformed(method, reply.error);
    const { error, result } = reply.data;
    if (error !== undefined) {
      const reason = error.message.slice(0, reasonLengthMax);
      throw new AnchorError({ code: "CHAIN_REFUSED", method, rpcCode: error.code, reason });
    }
    const value = schema.safeParse(result);
    if (!value.success) throw malformed(method, value.error);
    return value.data;
  }

  async #post(method: string, body: string, signal: AbortSignal): Promise<string> {
    const { timeoutMs } = this.#options;
    const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
    try {
      const request = { path: this.#path, method: "POST", headers: this.#headers, body, signal: within } as const;
      const response = await this.#pool.request(request);
      const text = await readBounded(response.body);
      // Nodes answer errors with status 200 or 400; what is no JSON-RPC is the answer of something in between.
      if (response.statusCode < 500 && text.startsWith("{")) return text;
      throw new Error(`status ${response.statusCode}`);
    } catch (cause) {
      const reason = within.aborted && !signal.aborted ? `no answer in ${timeoutMs} ms` : reasonOf(cause);
      throw new AnchorError({ code: "CHAIN_UNREACHABLE", method, reason }, { cause });
    }
  }
}

async function readBounded(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of body) {
    sizeBytes += chunk.length;
    if (sizeBytes > replyBytesMax) throw new Error(`answer of more than ${replyBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}

function parseJson(text: string, method: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AnchorError({ code: "CHAIN_REPLY_MALFORMED", method, reason: "not JSON" }, { cause });
  }
}

function malformed(method: string, error: z.ZodError): AnchorError {
  const [issue] = error.issues;
  const reason = `${issue?.path.join(".") ?? ""} ${issue?.message ?? ""}`.trim().slice(0, reasonLengthMax);
  return new AnchorError({ code: "CHAIN_REPLY_MALFORMED", method, reason });
}

function reasonOf(cause: unknown): string {
  const text = cause instanceof Error ? ((cause as NodeJS.ErrnoException).code ?? cause.message) : String(cause);
  return text.slice(0, reasonLengthMax);
}
