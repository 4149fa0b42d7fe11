import { readAtMost, refusalOf } from "./answer-body.ts";
import { ApiError } from "./fault.ts";

/** How the client reaches the gateway. */
export interface TransportOptions {
  /** Base address, such as http://127.0.0.1:8080. */
  readonly url: string;
  /** API key; public routes need none. */
  readonly key?: string;
  /** For one call, from start to the last byte; 30 s when left out. */
  readonly timeoutMs?: number;
  /** The platform's fetch unless another is given. */
  readonly fetch?: typeof globalThis.fetch;
}

/** What every call takes. */
export interface CallOptions {
  /** Aborts the call; its reason is thrown. */
  readonly signal?: AbortSignal;
}

interface Call extends CallOptions {
  readonly method?: "GET" | "POST" | "DELETE";
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as JSON; a string is sent as text/plain. */
  readonly body?: object | string;
}

/** An entry bundle of a log holds at most 256 entries of 64 KiB; nothing else comes near. */
const answerBytesMax = 32 << 20;
const timeoutMsDefault = 30_000;

/** Sends requests and turns everything that can go wrong into ApiError. */
export class Transport {
  readonly #options: TransportOptions;

  constructor(options: TransportOptions) {
    this.#options = options;
  }

  /** The answer as JSON. Its shape is the gateway's word: a client of an older version keeps working when members are added. */
  async json<T extends object>(path: string, call: Call = {}): Promise<T> {
    const bytes = await this.bytes(path, call);
    let value: unknown;
    try {
      value = JSON.parse(new TextDecoder().decode(bytes));
    } catch {
      value = undefined;
    }
    if (typeof value === "object" && value !== null) return value as T;
    throw new ApiError({ code: "ANSWER_MALFORMED", url: this.#address(path, call), problem: "not a JSON object" });
  }

  /** The answer as text. */
  async text(path: string, call: Call = {}): Promise<string> {
    return new TextDecoder().decode(await this.bytes(path, call));
  }

  /** The answer's body. */
  async bytes(path: string, call: Call = {}): Promise<Uint8Array> {
    const url = this.#address(path, call);
    const timeoutMs = this.#options.timeoutMs ?? timeoutMsDefault;
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = call.signal === undefined ? timeout : AbortSignal.any([timeout, call.signal]);
    try {
      const send = this.#options.fetch ?? globalThis.fetch;
      const response = await send(url, { ...this.#request(call), signal });
      const bytes = await readAtMost(response, answerBytesMax, url);
      if (!response.ok) throw refusalOf(response, bytes);
      return bytes;
    } catch (error) {
      if (error instanceof ApiError) throw error;
      call.signal?.throwIfAborted();
      if (timeout.aborted) throw new ApiError({ code: "TIMEOUT", url, timeoutMs }, { cause: error });
      throw new ApiError({ code: "UNREACHABLE", url, problem: problemOf(error) }, { cause: error });
    }
  }

  #request({ method = "GET", headers, body }: Call): RequestInit {
    const all = new Headers(headers);
    if (this.#options.key !== undefined) all.set("authorization", `Bearer ${this.#options.key}`);
    if (body === undefined) return { method, headers: all };
    all.set("content-type", typeof body === "string" ? "text/plain; charset=utf-8" : "application/json");
    return { method, headers: all, body: typeof body === "string" ? body : JSON.stringify(body) };
  }

  #address(path: string, { query = {} }: Call): string {
    const url = new URL(this.#options.url.replace(/\/+$/, "") + path);
    for (const [name, value] of Object.entries(query))
      if (value !== undefined) url.searchParams.set(name, String(value));
    return url.href;
  }
}

// fetch says "fetch failed" and keeps what happened in the cause, whose message may be empty when it stands for several.
function problemOf(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string; code?: string } };
  return cause?.message || cause?.code || message || String(error);
}
