import { Pool } from "undici";
import type { Target } from "./target.ts";

/** What a closed-loop run saw. Only answers with status 200 and a body count; anything else is a failure. */
export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly latenciesMs: readonly number[];
  readonly failures: number;
}

/** Sends `requests` requests over `connections` connections, each waiting for its answer before the next. */
export async function runClosedLoop(target: Target, connections: number, requests: number): Promise<LoadResult> {
  const pool = new Pool(target.origin, { connections, pipelining: 1 });
  const latenciesMs: number[] = [];
  let left = requests;
  let failures = 0;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const started = performance.now();
      if (await answered(pool, target)) latenciesMs.push(performance.now() - started);
      else failures += 1;
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - started) / 1000;
  await pool.close();
  return { requestsPerSecond: latenciesMs.length / seconds, latenciesMs, failures };
}

async function answered(pool: Pool, target: Target): Promise<boolean> {
  const { statusCode, body } = await pool.request({
    path: target.path,
    method: "POST",
    headers: target.headers,
    body: target.body,
  });
  const bytes = await body.arrayBuffer();
  return statusCode === 200 && bytes.byteLength > 0;
}
