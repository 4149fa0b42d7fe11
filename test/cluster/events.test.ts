import { writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { createKey } from "@koinon/acceptance/network/client";
import type { Network } from "@koinon/acceptance/network/network";
import { upstreamModel } from "@koinon/acceptance/network/upstream";
import { expectWholeBooks } from "@koinon/acceptance/suites/books";
import { waitFor } from "@koinon/testkit/wait-for";
import { type ClusterEvent, orderly } from "./load/events.ts";
import { answerTimeoutMs, type OpenLoop, startOpenLoop } from "./load/open-loop.ts";
import { failuresOf, row, type Summary, summarise, tableHead } from "./load/summary.ts";
import { openClusterNetwork } from "./network/cluster-network.ts";

const ratePerSecond = Number(process.env.KOINON_CLUSTER_RATE ?? "20");
/** A status with a code, or a connection that broke with the process at its other end. */
const told = /^50[234] [A-Z_]+$|^UND_ERR_SOCKET$|^ECONN(RESET|REFUSED)$/;
/** What else the machine did meanwhile: a table made under much other work says little about an idle one. */
const loadLine = () =>
  `Load averages at the end: ${os
    .loadavg()
    .map((average) => average.toFixed(1))
    .join(", ")}`;
/** Load before and after each event that counts as part of it. */
const marginMs = 2_000;

describe("under steady load", () => {
  let network: Network;
  let load: OpenLoop;
  let key: string;
  const rows: string[] = [];

  beforeAll(async () => {
    network = await openClusterNetwork();
    ({ key } = await createKey(network, 1_000_000_000n));
    const body = { model: upstreamModel, max_tokens: 16, messages: [{ role: "user", content: "say 3" }] };
    load = startOpenLoop({ url: network.url, key, ratePerSecond, body });
  }, 120_000);
  afterAll(async () => {
    await load?.stop();
    await network?.stop();
    process.stdout.write(`${[...tableHead, ...rows, loadLine()].join("\n")}\n`);
    if (process.env.KOINON_CLUSTER_REPORT !== undefined) {
      writeFileSync(path.resolve(process.env.KOINON_CLUSTER_REPORT), `${[...tableHead, ...rows].join("\n")}\n`);
    }
  }, 60_000);

  const elapsed = (ms: number) => {
    const until = load.nowMs() + ms;
    return waitFor(() => load.nowMs() >= until, { deadlineMs: ms + 5_000, intervalMs: 20, what: "time passes" });
  };
  /** Whatever was due before this moment was answered or has failed. */
  const ended = (ms: number) =>
    waitFor(() => load.pendingBefore(ms) === 0, {
      deadlineMs: answerTimeoutMs + 5_000,
      intervalMs: 20,
      what: "no request hangs",
    });
  const during = async ({ name, happen }: ClusterEvent): Promise<Summary> => {
    const from = load.nowMs();
    await elapsed(marginMs);
    const began = load.nowMs();
    await happen();
    const seconds = (load.nowMs() - began) / 1000;
    await elapsed(marginMs);
    const to = load.nowMs();
    await ended(to);
    const summary = summarise(load.samples, from, to);
    rows.push(row(name, seconds, summary));
    process.stdout.write(failuresOf(name, load, from, to));
    return summary;
  };

  test("nothing happens, and nothing fails", async () => {
    const summary = await during({ name: "nothing", happen: async () => void (await elapsed(5_000)) });
    expect(summary.failures).toEqual({});
  }, 60_000);

  test.each(orderly.map((event) => [event.name, event] as const))(
    "%s: no request fails",
    async (_, event) => {
      expect((await during(event)).failures).toEqual({});
    },
    300_000,
  );

  const killed = ["gateway", "market", "poi", "provider", "postgres", "nats", "redis"];
  test.each(killed)(
    "kill -9 of %s: what fails is told so, and it is over when the pod is back",
    async (name) => {
      const happen = async () => {
        await network.kill(name);
        await network.recover();
      };
      const summary = await during({ name: `${name}: kill -9`, happen });
      expect(Object.keys(summary.failures).filter((outcome) => !told.test(outcome))).toEqual([]);
      const from = load.nowMs();
      await elapsed(marginMs);
      const to = load.nowMs();
      await ended(to);
      expect(summarise(load.samples, from, to).failures).toEqual({});
    },
    300_000,
  );

  test("afterwards every answered request is settled once and logged once, and the money adds up", async () => {
    await load.stop();
    const answered = load.samples.filter(({ outcome }) => outcome === 200).map(({ requestId }) => String(requestId));
    expect(answered.length).toBeGreaterThan(0);
    await expectWholeBooks(network, key, answered);
  }, 300_000);
});
