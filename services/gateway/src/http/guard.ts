import type { FastifyReply, FastifyRequest, onRequestHookHandler } from "fastify";
import { GatewayError } from "../errors.ts";
import type { Authenticator } from "../keys/authenticator.ts";
import type { KeyRecord } from "../keys/key-record.ts";
import { createRateLimit, type RateLimit, type RateVerdict } from "../limits/gcra.ts";
import type { RateLimiter } from "../limits/rate-limiter.ts";
import type { Access } from "./api-document.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** The key that makes the request; null on public routes. */
    apiKey: KeyRecord | null;
  }
}

// Everything but inference: enough for a page that polls and for a test that hammers, little enough to protect the databases.
const otherRequests = createRateLimit(6_000);

/** What a guard works with. */
export interface GuardDependencies {
  readonly authenticator: Authenticator;
  readonly limiter: RateLimiter;
  /** Told of every request that a rate limit refused. */
  limited(access: Access): void;
}

/**
 * Lets a request in before its body is read: who asks, whether the key may, and whether its rate allows it. Answers in the
 * same turn when key and limit are known here, so that the usual request costs no promise.
 */
export class Guard {
  readonly #dependencies: GuardDependencies;
  // One limit per distinct rate, not per request.
  readonly #limits = new Map<number, RateLimit>();

  constructor(dependencies: GuardDependencies) {
    this.#dependencies = dependencies;
  }

  hookFor(access: Access): onRequestHookHandler {
    if (access === "public") return (_request, _reply, done) => done();
    const scope = access === "key" ? undefined : access;
    const isInference = access === "inference";
    return (request, reply, done) => {
      try {
        const key = this.#dependencies.authenticator.authenticate(request.headers.authorization, scope);
        const admitted =
          key instanceof Promise
            ? key.then((known) => this.#admit(request, reply, known, isInference))
            : this.#admit(request, reply, key, isInference);
        if (admitted === undefined) done();
        else admitted.then(() => done(), done);
      } catch (error) {
        done(error as Error);
      }
    };
  }

  #admit(
    request: FastifyRequest,
    reply: FastifyReply,
    key: KeyRecord,
    isInference: boolean,
  ): Promise<void> | undefined {
    request.apiKey = key;
    if (!isInference) return this.#spend(reply, `${key.id}:other`, otherRequests, "key");
    if (key.state !== "active") throw new GatewayError({ code: "KEY_NOT_READY", key: key.id });
    if (key.requestsPerMinute === null) return undefined;
    return this.#spend(reply, key.id, this.#limitOf(key.requestsPerMinute), "inference");
  }

  #spend(reply: FastifyReply, name: string, limit: RateLimit, access: Access): Promise<void> | undefined {
    const verdict = this.#dependencies.limiter.take(name, limit);
    if (verdict instanceof Promise) return verdict.then((answer) => this.#apply(reply, answer, access));
    this.#apply(reply, verdict, access);
    return undefined;
  }

  #apply(reply: FastifyReply, verdict: RateVerdict, access: Access): void {
    if (access === "inference") {
      // The names and formats that OpenAI's clients show.
      reply.header("x-ratelimit-limit-requests", String(verdict.limit));
      reply.header("x-ratelimit-remaining-requests", String(verdict.remaining));
      reply.header("x-ratelimit-reset-requests", `${verdict.resetMs}ms`);
    }
    if (verdict.allowed) return;
    this.#dependencies.limited(access);
    throw new GatewayError({ code: "RATE_LIMITED", limit: verdict.limit, retryAfterMs: verdict.retryAfterMs });
  }

  #limitOf(requestsPerMinute: number): RateLimit {
    let limit = this.#limits.get(requestsPerMinute);
    if (limit === undefined) {
      limit = createRateLimit(requestsPerMinute);
      if (this.#limits.size < 1_000) this.#limits.set(requestsPerMinute, limit);
    }
    return limit;
  }
}
