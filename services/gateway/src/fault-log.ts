import type { Logger } from "@koinon/runtime/logger";
import type { HttpError } from "./http/http-error.ts";
import type { GatewayMetrics } from "./metrics.ts";

/** Where failures are counted and, when somebody may want to read of them, logged: once, here. */
export interface FaultLog {
  /** An error answer to a client. */
  answered(error: HttpError, thrown: unknown, requestId: string): void;
  /** An answer that broke after its first byte. */
  broken(thrown: unknown, requestId: string): void;
  connectionLost(error: Error): void;
  rateLimiterFailed(error: unknown): void;
  keyUnfinished(id: string, error: unknown): void;
  storeFailed(error: unknown): void;
}

/** Logs in facts and constant messages; refusals of a client's own making are counted only. */
export function createFaultLog({ log, metrics }: { readonly log: Logger; readonly metrics: GatewayMetrics }): FaultLog {
  return {
    answered(error, thrown, requestId) {
      metrics.failed(error);
      const facts = { requestId, status: error.status, code: error.code, err: thrown };
      if (error.status === 500) log.error(facts, "request failed for a reason nobody foresaw");
      // Shedding load must not cost a log line per request.
      else if (error.status > 500 && error.code !== "OVERLOADED" && error.status !== 501)
        log.warn(facts, "request failed");
    },
    broken: (thrown, requestId) => log.warn({ requestId, err: thrown }, "answer broke after its first byte"),
    connectionLost: (error) => log.warn({ err: error }, "idle database connection lost"),
    rateLimiterFailed(error) {
      metrics.rateLimiterFailed();
      log.warn({ err: error }, "shared rate limits do not answer, limiting locally");
    },
    keyUnfinished(id, error) {
      metrics.keyUnfinished();
      log.warn({ keyId: id, err: error }, "key creation not finished yet");
    },
    storeFailed: (error) => log.error({ err: error }, "key store does not answer"),
  };
}
