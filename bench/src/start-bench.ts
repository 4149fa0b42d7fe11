import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { request } from "undici";
import { startOn } from "./load/network.ts";
import type { Row } from "./report/row.ts";

/** Time from the command to the first token on a data folder that was started before, and the memory of all processes then. */
export async function benchStart(): Promise<Row[]> {
  const dataDir = mkdtempSync(path.join(tmpdir(), "koinon-bench-"));
  try {
    const cold = await startOn(dataDir, []);
    await cold.stop();
    const started = performance.now();
    const warm = await startOn(dataDir, []);
    const readyMs = performance.now() - started;
    await firstToken(warm.ready.url, warm.ready.apiKey);
    const firstTokenMs = performance.now() - started;
    const megabytes = residentBytes(warm.pid) / 1e6;
    await warm.stop();
    const row = { bench: "start", case: "warm start, default models" };
    return [
      { ...row, metric: "ready", unit: "s", value: readyMs / 1000 },
      { ...row, metric: "first_token", unit: "s", value: firstTokenMs / 1000 },
      {
        ...row,
        metric: "resident_memory",
        unit: "MB",
        value: megabytes,
        note: "sum over the process and its children",
      },
    ];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function firstToken(url: string, apiKey: string): Promise<void> {
  const { statusCode, body } = await request(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${apiKey}` },
    body: JSON.stringify({
      model: "smollm2-135m-instruct",
      messages: [{ role: "user", content: "The capital of France is" }],
      max_tokens: 8,
      stream: true,
    }),
  });
  if (statusCode !== 200) throw new Error(`the first request was answered ${statusCode}: ${await body.text()}`);
  for await (const _ of body) break;
}

/** Sum of the resident set sizes of a process and all its descendants, from /proc. */
function residentBytes(pid: number): number {
  const parents = new Map<number, number>();
  const resident = new Map<number, number>();
  for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    try {
      const status = readFileSync(`/proc/${entry}/status`, "utf8");
      parents.set(Number(entry), Number(/^PPid:\s+(\d+)/m.exec(status)?.[1] ?? 0));
      resident.set(Number(entry), Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0) * 1024);
    } catch {
      // The process ended between the listing and the reading.
    }
  }
  const belongs = (each: number): boolean =>
    each === pid || (parents.has(each) && belongs(parents.get(each) as number));
  return [...resident].reduce((sum, [each, bytes]) => sum + (belongs(each) ? bytes : 0), 0);
}
