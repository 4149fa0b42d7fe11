import { setTimeout as delay } from "node:timers/promises";
import { DomainError } from "@koinon/errors/domain-error";
import { InputError } from "../command.ts";
import { unreachableReason } from "../connection/web-address.ts";

/** What a node answered instead of a result, or why nothing was asked of it. */
export class RefusedError extends DomainError<{ code: "REFUSED"; problem: string }> {
  /** `answer` is the method and the code of JSON-RPC. */
  constructor(problem: string, answer?: { readonly method: string; readonly rpcCode: number }) {
    super({ code: "REFUSED", problem });
    this.message = answer === undefined ? problem : `${problem} (${answer.method}, ${answer.rpcCode})`;
  }
}

const timeoutMs = 30_000;
const pollMs = 100;

/** The JSON-RPC of an Ethereum node over HTTP. */
export class JsonRpc {
  readonly url: string;
  readonly #signal: AbortSignal;

  constructor(url: string, signal: AbortSignal) {
    this.url = url;
    this.#signal = signal;
  }

  /** One call; throws RefusedError, or InputError when there is no answer. The result's shape is the caller's to check. */
  async call(method: string, ...params: readonly unknown[]): Promise<unknown> {
    const answer = await this.#post({ jsonrpc: "2.0", id: 1, method, params });
    const { result, error } = (answer ?? {}) as {
      result?: unknown;
      error?: { code?: unknown; message?: unknown };
    };
    if (error !== undefined) throw new RefusedError(String(error.message), { method, rpcCode: Number(error.code) });
    if (result === undefined) throw this.#notANode(`no result of ${method}`);
    return result;
  }

  /** A call that answers a quantity. */
  async quantity(method: string, ...params: readonly unknown[]): Promise<bigint> {
    const result = await this.call(method, ...params);
    if (typeof result === "string" && /^0x[0-9a-f]+$/.test(result)) return BigInt(result);
    throw this.#notANode(`${method} answered no quantity`);
  }

  /** A call that answers an object, or undefined for null. */
  async object(method: string, ...params: readonly unknown[]): Promise<Readonly<Record<string, unknown>> | undefined> {
    const result = await this.call(method, ...params);
    if (result === null) return undefined;
    if (typeof result === "object") return result as Readonly<Record<string, unknown>>;
    throw this.#notANode(`${method} answered no object`);
  }

  /** Asks again and again, also when it is refused, until there is an object; throws the refusal or InputError after `limitMs`. */
  async objectWithin(
    limitMs: number,
    method: string,
    ...params: readonly unknown[]
  ): Promise<Readonly<Record<string, unknown>>> {
    const limit = AbortSignal.timeout(limitMs);
    for (;;) {
      const found = await this.object(method, ...params).catch((error: unknown) => {
        // geth refuses while it indexes a block that has just arrived.
        if (!(error instanceof RefusedError) || limit.aborted) throw error;
        return undefined;
      });
      if (found !== undefined) return found;
      if (limit.aborted) throw new InputError(`${method} has answered nothing for ${limitMs / 1000} s`);
      await delay(pollMs, undefined, { signal: this.#signal });
    }
  }

  async #post(body: object): Promise<unknown> {
    try {
      const response = await fetch(this.url, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
        signal: AbortSignal.any([this.#signal, AbortSignal.timeout(timeoutMs)]),
      });
      return await response.json();
    } catch (cause) {
      this.#signal.throwIfAborted();
      if (cause instanceof SyntaxError) throw this.#notANode("the answer is not JSON", cause);
      throw new InputError(
        `can not reach the chain at ${this.url}: ${unreachableReason(networkReason(cause))}. Is it running?`,
        {
          cause,
        },
      );
    }
  }

  #notANode(problem: string, cause?: unknown): InputError {
    return new InputError(`${this.url} did not answer as an Ethereum node does: ${problem}`, { cause });
  }
}

/** fetch says "fetch failed" and keeps the reason as the cause. */
function networkReason(error: unknown): string {
  const { cause } = error as { cause?: unknown };
  if (cause instanceof Error && cause.message !== "") return cause.message;
  const { code } = (cause ?? {}) as { code?: unknown };
  return typeof code === "string" ? code : String(error instanceof Error ? error.message : error);
}
