import { fileURLToPath } from "node:url";
import { startChild } from "../load/child.ts";
import { runClosedLoop } from "../load/closed-loop.ts";
import { startNetwork } from "../load/network.ts";
import { runStreamLoop } from "../load/stream-loop.ts";
import type { Target } from "../load/target.ts";
import { percentile } from "../report/percentile.ts";
import { lessIsBetter, moreIsBetter, type Row } from "../report/row.ts";
import { startPeer } from "./peer.ts";

const upstreamMain = fileURLToPath(new URL("./upstream-main.js", import.meta.url));
const rounds = 5;
const requestsPerRound = 400;
const throughputRequests = 8000;
const connections = 32;
const streams = 64;
const framesPerStream = 500;

/** The whole paid path (key check, reservation, metering, receipt, settlement) beside the engine alone and the peer. */
export async function benchInference(): Promise<Row[]> {
  const upstream = await startChild<{ url: string }>(process.execPath, [upstreamMain], { readyTimeoutMs: 10_000 });
  const network = await startNetwork(["--engine", `${upstream.ready.url}/v1`]);
  const peer = await startPeer();
  try {
    const targets = {
      direct: target("direct", upstream.ready.url, {}),
      koinon: target("koinon", network.ready.url, { authorization: `Bearer ${network.ready.apiKey}` }),
      peer: peer && target("portkey", peer.origin, peerHeaders(upstream.ready.url)),
    };
    return [
      ...(await addedLatency(targets.direct, targets.koinon, targets.peer)),
      await throughput(targets.koinon, targets.peer),
      await frames(targets.direct, targets.koinon),
    ];
  } finally {
    peer?.stop();
    await network.stop();
    await upstream.stop();
  }
}

/** Rounds alternate between the targets, so that a slow moment of the machine hits all of them. */
async function addedLatency(direct: Target, koinon: Target, peer: Target | undefined): Promise<Row[]> {
  const seen = new Map<Target, number[]>();
  for (let round = 0; round <= rounds; round += 1) {
    for (const each of [direct, koinon, peer]) {
      if (each === undefined) continue;
      const { latenciesMs, failures } = await runClosedLoop(each, 1, requestsPerRound);
      refuse(each, failures);
      // The first round warms the code up.
      if (round > 0) seen.set(each, [...(seen.get(each) ?? []), ...latenciesMs]);
    }
  }
  return [0.5, 0.99].map((q) => {
    const base = percentile(seen.get(direct) as number[], q);
    const added = percentile(seen.get(koinon) as number[], q) - base;
    const peerTimes = peer && seen.get(peer);
    const metric = `added_latency_p${q * 100}`;
    const row = { bench: "inference", case: "chat, one at a time", metric, unit: "ms", value: added };
    return lessIsBetter(row, "portkey", peerTimes && percentile(peerTimes, q) - base);
  });
}

async function throughput(koinon: Target, peer: Target | undefined): Promise<Row> {
  const measure = async (each: Target) => {
    await runClosedLoop(each, connections, throughputRequests / 4);
    const { requestsPerSecond, failures } = await runClosedLoop(each, connections, throughputRequests);
    refuse(each, failures);
    return requestsPerSecond;
  };
  const value = await measure(koinon);
  const row = { bench: "inference", case: `chat, ${connections} connections`, metric: "requests", unit: "1/s", value };
  return moreIsBetter(row, "portkey", peer && (await measure(peer)));
}

async function frames(direct: Target, koinon: Target): Promise<Row> {
  const measure = async (each: Target) => {
    const streaming = { ...each, body: body({ stream: true, max_tokens: framesPerStream }) };
    await runStreamLoop(streaming, 8, streams / 4);
    const { framesPerSecond, failures } = await runStreamLoop(streaming, 8, streams);
    refuse(each, failures);
    return framesPerSecond;
  };
  const value = await measure(koinon);
  const row = { bench: "inference", case: "stream, 8 connections", metric: "frames", unit: "1/s", value };
  return moreIsBetter(row, "direct", await measure(direct));
}

function refuse(target: Target, failures: number): void {
  if (failures > 0)
    throw new Error(`${target.name}: ${failures} requests failed; figures with failures are not figures`);
}

function body(extra: object): string {
  return JSON.stringify({
    model: "bench-model",
    messages: [{ role: "user", content: "How fast are you?" }],
    max_tokens: 64,
    ...extra,
  });
}

function target(name: string, origin: string, headers: Record<string, string>): Target {
  return {
    name,
    origin,
    path: "/v1/chat/completions",
    headers: { "content-type": "application/json", ...headers },
    body: body({}),
  };
}

function peerHeaders(upstream: string): Record<string, string> {
  return {
    authorization: "Bearer bench",
    "x-portkey-provider": "openai",
    "x-portkey-custom-host": `${upstream}/v1`,
  };
}
