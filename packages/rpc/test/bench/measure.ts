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
  /** Microseconds of this process's CPU per unary call, 64 at a time; steadier than rates on a busy machine. */
  readonly unaryCpuUs: number;
  /** Stream messages per second, 16 streams. */
  readonly streamPerSecond: number;
  /** Microseconds of this process's CPU per stream message. */
  readonly streamCpuUs: number;
}

const warmUpMs = 500;
const measureMs = 1_500;
const messagesPerStream = 2_000;

export async function measure(calls: EchoCalls, payload: Buffer): Promise<Figures> {
  const request = (count: number): EchoRequest => ({ text: "", payload, count, number: 0n });
  const one = request(0);
  const latencies: number[] = [];
  const timed = async (): Promise<void> => {
    const startedAt = performance.now();
    await calls.unary(one);
    latencies.push(performance.now() - startedAt);
  };
  const drain = async (): Promise<void> => {
    for await (const _ of calls.download(request(messagesPerStream)));
  };
  await repeat(() => calls.unary(one), 1, warmUpMs);
  await repeat(timed, 1, measureMs);
  latencies.sort((a, b) => a - b);
  await repeat(() => calls.unary(one), 64, warmUpMs);
  const unary = await repeat(() => calls.unary(one), 64, measureMs);
  await repeat(drain, 16, warmUpMs);
  const stream = await repeat(drain, 16, measureMs);
  return {
    unaryUs: (latencies[latencies.length >> 1] ?? 0) * 1_000,
    unaryPerSecond: unary.perSecond,
    unaryCpuUs: unary.cpuUs,
    streamPerSecond: stream.perSecond * messagesPerStream,
    streamCpuUs: stream.cpuUs / messagesPerStream,
  };
}

/** Runs `work` in `workers` loops for about `durationMs`; answers how often per second it was done and its CPU. */
async function repeat(
  work: () => Promise<unknown>,
  workers: number,
  durationMs: number,
): Promise<{ perSecond: number; cpuUs: number }> {
  const startedAt = performance.now();
  const cpuBefore = process.cpuUsage();
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
  const { user, system } = process.cpuUsage(cpuBefore);
  return { perSecond: (done * 1_000) / (performance.now() - startedAt), cpuUs: (user + system) / done };
}
