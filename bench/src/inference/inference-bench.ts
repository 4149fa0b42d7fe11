import { fileURLToPath } from "node:url";
import { startChild } from "../load/child.ts";
import { type LoadResult, runClosedLoop } from "../load/closed-loop.ts";
import { startNetwork } from "../load/network.ts";
import { runStreamLoop } from "../load/stream-loop.ts";
import type { Target } from "../load/target.ts";
import { percentile } from "../report/percentile.ts";
import { lessIsBetter, moreIsBetter, type Row } from "../report/row.ts";
import { startLitellm } from "./litellm.ts";
import { startPortkey } from "./portkey.ts";

const upstreamMain = fileURLToPath(new URL("./upstream-main.js", import.meta.url));
const forwarderMain = fileURLToPath(new URL("./forwarder-main.js", import.meta.url));
const model = "bench-model";
const peerNames = ["portkey", "litellm"] as const;
const rounds = 5;
const requestsPerRound = 400;
/** One after the other before anything is timed: what a process does in its first seconds is compiling. */
const warmUpRequests = 2000;
const throughputRequests = 8000;
const connections = 32;
const streams = 320;
const framesPerStream = 500;

/** What Koinon is compared with; without a target it is not installed. */
interface Other {
  readonly name: string;
  readonly target: Target | undefined;
}

/**
 * The whole paid path (key check, reservation, metering, receipt, settlement) beside the engine alone, other gateways, which only forward, the
 * least that a forwarder on the same stack costs, and the least of one whose answers are signed and checked.
 */
export async function benchInference(): Promise<Row[]> {
  const upstream = await startChild<{ url: string }>(process.execPath, [upstreamMain], { readyTimeoutMs: 10_000 });
  const engineUrl = `${upstream.ready.url}/v1`;
  const direct = target("direct", upstream.ready.url, {});
  const forwarder = await startForwarder(engineUrl, []);
  const signing = await startForwarder(engineUrl, ["--sign"]);
  const peers = [await startPortkey(engineUrl), await startLitellm(engineUrl, model)];
  const network = await startNetwork(["--engine", engineUrl]);
  try {
    const koinon = target("koinon", network.ready.url, { authorization: `Bearer ${network.ready.apiKey}` });
    const gateways = peerNames.map((name, place) => {
      const peer = peers[place];
      return { name, target: peer && target(name, peer.origin, peer.headers) };
    });
    const others = [
      ...gateways,
      { name: "forwarder", target: target("forwarder", forwarder.ready.url, {}) },
      { name: "signing forwarder", target: target("signing forwarder", signing.ready.url, {}) },
    ];
    return [
      ...(await addedLatency(direct, koinon, others)),
      ...(await throughput(koinon, [...others, { name: "direct", target: direct }])),
      ...(await frames(koinon, [{ name: "direct", target: direct }])),
    ];
  } finally {
    await network.stop();
    for (const peer of peers) peer?.stop();
    await signing.stop();
    await forwarder.stop();
    await upstream.stop();
  }
}

function startForwarder(engineUrl: string, options: readonly string[]) {
  return startChild<{ url: string }>(process.execPath, [forwarderMain, engineUrl, ...options], {
    readyTimeoutMs: 10_000,
  });
}

async function addedLatency(direct: Target, koinon: Target, others: readonly Other[]): Promise<Row[]> {
  const quantiles = [0.5, 0.99];
  await load(direct, 1, warmUpRequests);
  const own = await addedBy(koinon, direct, quantiles);
  const theirs: (readonly number[] | undefined)[] = [];
  for (const other of others) theirs.push(other.target && (await addedBy(other.target, direct, quantiles)));
  return quantiles.flatMap((q, at) => {
    const metric = `added_latency_p${q * 100}`;
    const row = { bench: "inference", case: "chat, one at a time", metric, unit: "ms", value: own[at] as number };
    return others.map((other, place) => lessIsBetter(row, other.name, theirs[place]?.[at]));
  });
}

/**
 * What a gateway adds to the engine's own latency. Rounds alternate between the two alone, so that a slow moment of the machine hits both, and none
 * waits, and cools down, while another gateway is slow.
 */
async function addedBy(gateway: Target, direct: Target, quantiles: readonly number[]): Promise<number[]> {
  const seen: { direct: number[]; gateway: number[] } = { direct: [], gateway: [] };
  await load(gateway, 1, warmUpRequests);
  for (let round = 0; round < rounds; round += 1) {
    seen.direct.push(...(await load(direct, 1, requestsPerRound)).latenciesMs);
    seen.gateway.push(...(await load(gateway, 1, requestsPerRound)).latenciesMs);
  }
  return quantiles.map((q) => percentile(seen.gateway, q) - percentile(seen.direct, q));
}

/** Requests per second beside the peers' and the engine's own: what the load generator and the engine leave to any gateway. */
async function throughput(koinon: Target, others: readonly Other[]): Promise<Row[]> {
  const measure = async (each: Target) => {
    await load(each, connections, throughputRequests / 4);
    return (await load(each, connections, throughputRequests)).requestsPerSecond;
  };
  const value = await measure(koinon);
  const row = { bench: "inference", case: `chat, ${connections} connections`, metric: "requests", unit: "1/s", value };
  return await besides(row, others, measure);
}

async function frames(koinon: Target, others: readonly Other[]): Promise<Row[]> {
  const measure = async (each: Target) => {
    const streaming = { ...each, body: body({ stream: true, max_tokens: framesPerStream }) };
    await runStreamLoop(streaming, 8, streams / 4);
    const { framesPerSecond, failures } = await runStreamLoop(streaming, 8, streams);
    refuse(each, failures);
    return framesPerSecond;
  };
  const value = await measure(koinon);
  const row = { bench: "inference", case: "stream, 8 connections", metric: "frames", unit: "1/s", value };
  return await besides(row, others, measure);
}

async function besides(
  row: Row & { value: number },
  others: readonly Other[],
  measure: (each: Target) => Promise<number>,
): Promise<Row[]> {
  const rows: Row[] = [];
  for (const other of others) rows.push(moreIsBetter(row, other.name, other.target && (await measure(other.target))));
  return rows;
}

async function load(each: Target, atOnce: number, requests: number): Promise<LoadResult> {
  const result = await runClosedLoop(each, atOnce, requests);
  refuse(each, result.failures);
  return result;
}

function refuse(target: Target, failures: number): void {
  if (failures > 0)
    throw new Error(`${target.name}: ${failures} requests failed; figures with failures are not figures`);
}

function body(extra: object): string {
  return JSON.stringify({
    model,
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
