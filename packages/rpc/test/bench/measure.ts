import type { EchoRequest, EchoResponse } from "../gen/echo.ts";

/** What is measured: the two calls that gateways make. */
export interface EchoCalls {
  unary(request: EchoRequest): Promise<EchoResponse>;
  download(request: EchoRequest): AsyncIterable<EchoResponse>;
}

export interface Figures {
  /** Median microseconds of a unary call, one at a time. */
  readonly unaryUs: number;
  /** Unary calls per second, 64 at a time. */
  readonly unaryPerSecond: number;
  /** Stream messages per second, one stream. */
  readonly streamPerSecond: number;
  /** Stream messages per second, 16 streams. */
  readonly streamsPerSecond: number;
}

const warmUpMs = 300;
const measureMs = 1_000;

export async function measure(calls: EchoCalls, payload: Buffer): Promise<Figures> {
  const request = (count: number): EchoRequest => ({ text: "", payload, count, number: 0n });
  const one = request(0);
  await repeat(() => calls.unary(one), 1, warmUpMs);
  const latencies: number[] = [];
  await repeat(
    async () => {
      const startedAt = performance.now();
      await calls.unary(one);
      latencies.push(performance.now() - startedAt);
    },
    1,
    measureMs,
  );
  latencies.sort((a, b) => a - b);
  await repeat(() => calls.unary(one), 64, warmUpMs);
  const unaryPerSecond = await repeat(() => calls.unary(one), 64, measureMs);
  const drain = async (): Promise<number> => {
    let count = 0;
    for await (const _ of calls.download(request(2_000))) count += 1;
    return count;
  };
  await repeat(drain, 1, warmUpMs);
  const streamPerSecond = 2_000 * (await repeat(drain, 1, measureMs));
  const streamsPerSecond = 2_000 * (await repeat(drain, 16, measureMs));
  return {
    unaryUs: (latencies[latencies.length >> 1] ?? 0) * 1_000,
    unaryPerSecond,
    streamPerSecond,
    streamsPerSecond,
  };
}

/** Runs `work` in `workers` loops for about `durationMs`; answers how often per second it was done. */
async function repeat(work: () => Promise<unknown>, workers: number, durationMs: number): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  const loop = async (): Promise<void> => {
    while (performance.now() - startedAt < durationMs) {
      await work();
      done += 1;
      // Work that never leaves the process must not starve the clock's other users.
      if (done % 256 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
  };
  await Promise.all(Array.from({ length: workers }, loop));
  return (done * 1_000) / (performance.now() - startedAt);
}
