import { Pool } from "undici";
import type { Target } from "./target.ts";

/** Frames per second of server-sent event streams; a stream that does not end with `data: [DONE]` is a failure. */
export interface StreamResult {
  readonly framesPerSecond: number;
  readonly failures: number;
}

/** Reads `streams` streams over `connections` connections and counts `data:` frames. */
export async function runStreamLoop(target: Target, connections: number, streams: number): Promise<StreamResult> {
  const pool = new Pool(target.origin, { connections, pipelining: 1 });
  let left = streams;
  let frames = 0;
  let failures = 0;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const seen = await readStream(pool, target);
      if (seen === undefined) failures += 1;
      else frames += seen;
    }
  };
  const started = performance.now();
  await Promise.all(Array.from({ length: connections }, worker));
  const seconds = (performance.now() - started) / 1000;
  await pool.close();
  return { framesPerSecond: frames / seconds, failures };
}

async function readStream(pool: Pool, target: Target): Promise<number | undefined> {
  const { statusCode, body } = await pool.request({
    path: target.path,
    method: "POST",
    headers: target.headers,
    body: target.body,
  });
  let frames = 0;
  let tail = "";
  let done = false;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    const text = tail + chunk.toString("latin1");
    frames += text.split("\n\n").length - 1;
    done ||= text.includes("data: [DONE]\n\n");
    const border = text.lastIndexOf("\n\n");
    tail = border === -1 ? text : text.slice(border + 2);
  }
  return statusCode === 200 && done ? frames : undefined;
}
