import { performance } from "node:perf_hooks";
import { Agent, request } from "undici";

/** One request of a load: when it was due, and what became of it. */
export interface Sample {
  /** Milliseconds since the load began. */
  readonly dueMs: number;
  /** From the moment at which it was due, so that a stalled generator hides nothing. */
  readonly latencyMs: number;
  /** HTTP status, or the reason why there was none. */
  readonly outcome: number | string;
  readonly requestId: string | undefined;
  readonly provider: string | undefined;
}

export interface OpenLoopOptions {
  readonly url: string;
  readonly key: string;
  readonly ratePerSecond: number;
  readonly body: object;
  /** A new connection for each request, as many clients have; otherwise connections stay open. */
  readonly fresh?: boolean;
}

/** A load that goes on asking at its rate whether or not it is answered. */
export interface OpenLoop {
  readonly samples: readonly Sample[];
  /** Milliseconds since the load began. */
  nowMs(): number;
  /** Requests that were due before this moment and have not ended. */
  pendingBefore(ms: number): number;
  /** The wall clock's time, in ISO 8601, so many milliseconds after the load began. */
  timeOf(ms: number): string;
  /** Stops asking, and waits for what is under way. */
  stop(): Promise<void>;
}

const tickMs = 5;
/** What takes longer counts as failed. */
export const answerTimeoutMs = 30_000;

export function startOpenLoop({ url, key, ratePerSecond, body, fresh = false }: OpenLoopOptions): OpenLoop {
  const began = performance.now();
  const samples: Sample[] = [];
  const dispatcher = new Agent({ connections: 256, pipelining: fresh ? 0 : 1 });
  const payload = JSON.stringify(body);
  const underWay = new Map<Promise<void>, number>();
  const nowMs = () => performance.now() - began;

  const ask = async (dueMs: number): Promise<void> => {
    const done = (outcome: number | string, headers: Record<string, unknown> = {}) =>
      samples.push({
        dueMs,
        latencyMs: nowMs() - dueMs,
        outcome,
        requestId: headers["x-request-id"] as string | undefined,
        provider: headers["x-koinon-provider-name"] as string | undefined,
      });
    try {
      const answer = await request(`${url}/v1/chat/completions`, {
        method: "POST",
        headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
        body: payload,
        dispatcher,
        signal: AbortSignal.timeout(answerTimeoutMs),
      });
      const text = await answer.body.text();
      done(answer.statusCode === 200 ? 200 : `${answer.statusCode} ${codeOf(text)}`, answer.headers);
    } catch (error) {
      done(reasonOf(error as Error & { code?: string }));
    }
  };

  let asked = 0;
  const timer = setInterval(() => {
    for (; (asked * 1000) / ratePerSecond <= nowMs(); asked += 1) {
      const dueMs = (asked * 1000) / ratePerSecond;
      const asking = ask(dueMs).finally(() => underWay.delete(asking));
      underWay.set(asking, dueMs);
    }
  }, tickMs);

  let stopped: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    clearInterval(timer);
    await Promise.all(underWay.keys());
    await dispatcher.close();
  };
  return {
    samples,
    nowMs,
    pendingBefore: (ms) => [...underWay.values()].filter((dueMs) => dueMs < ms).length,
    timeOf: (ms) => new Date(performance.timeOrigin + began + ms).toISOString(),
    stop: () => {
      stopped ??= stop();
      return stopped;
    },
  };
}

function reasonOf({ name, code, message }: Error & { code?: string }): string {
  return name === "TimeoutError" ? `timeout of ${answerTimeoutMs / 1_000} s` : (code ?? message);
}

function codeOf(text: string): string {
  try {
    return (JSON.parse(text) as { error: { code: string } }).error.code;
  } catch {
    return "without a code";
  }
}
