import { rename, writeFile } from "node:fs/promises";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { requestIdFromHeader } from "@koinon/receipts/request-id";
import { type Anchoring, noAnchoring, type Trust, trustToJson } from "@koinon/receipts/trust";
import { verifyBundle } from "@koinon/receipts/verify";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { FakeLog } from "../fixture/fake-log.ts";
import { FakeMarket } from "../fixture/fake-market.ts";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";

const AT = 1_750_000_000_000;
const exchange = { request: Buffer.from('{"model":"test-model"}'), response: Buffer.from('{"id":"x"}') };
const requestId = `req_${"7".padStart(32, "0")}`;
const market = new FakeMarket();
const log = new FakeLog();

let postgres: TestPostgres;
let folder: { path: string; remove(): Promise<void> };
let running: RunningGateway;

beforeAll(async () => {
  [postgres, folder] = await Promise.all([startTestPostgres(), temporaryFolder()]);
  const file = path.join(folder.path, "trust.json");
  await writeFile(file, JSON.stringify(trustToJson(log.trust([market.provider]))));
  running = await startGateway(postgres, { market, log, env: { GATEWAY_TRUST_FILE: file } });
  const made = market.settle(`key_${running.adminId}`, hexToBytes(requestIdFromHeader(requestId)), exchange, AT);
  log.append(market.provider, made);
});
afterAll(async () => {
  await running.stop();
  await folder.remove();
  await postgres.stop();
});
beforeEach(() => {
  log.anchored = undefined;
  log.isAnchoringOff = false;
  log.anchorWishes.length = 0;
});

/** Publishes a trust file and waits until it is the one that is served. */
async function publish(anchoring: Anchoring): Promise<Trust> {
  const trust = { ...log.trust([market.provider]), anchoring };
  const text = JSON.stringify(trustToJson(trust));
  const file = path.join(folder.path, "trust.json");
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
  await waitFor(async () => (await (await running.call("GET", "/trust.json", { key: null })).text()) === text);
  return trust;
}

const bundle = (query = "") => running.call("GET", `/v1/receipts/${requestId}/bundle${query}`);

async function verify(
  response: Response,
  trust: Trust,
): Promise<readonly [valid: boolean, anchor: string | undefined]> {
  const result = verifyBundle(Buffer.from(await response.arrayBuffer()), trust, exchange);
  return [result.valid, result.steps.find(({ name }) => name === "anchor")?.status];
}

describe("a bundle is anchored", () => {
  test("by itself, where the published trust file can check it", async () => {
    const { chain } = log.anchor();
    const trust = await publish({ chains: [chain], required: false });
    expect(await verify(await bundle(), trust)).toEqual([true, "passed"]);
    expect(await verify(await bundle("?anchor=none"), trust)).toEqual([true, "skipped"]);
    expect(log.anchorWishes).toEqual([{ blocks: chain.blocks.map(hexToBytes), required: false }, undefined]);
    log.anchored = undefined;
    expect(await verify(await bundle(), trust)).toEqual([true, "skipped"]);
  });

  test("not in a registry that the published trust file does not name", async () => {
    const { chain } = log.anchor();
    const trust = await publish({ chains: [{ ...chain, registry: `0x${"77".repeat(20)}` }], required: false });
    expect(await verify(await bundle(), trust)).toEqual([true, "skipped"]);
  });

  test("when asked for, also for a reader with a trust file of its own", async () => {
    const { chain } = log.anchor();
    const published = await publish(noAnchoring);
    expect(await verify(await bundle(), published)).toEqual([true, "skipped"]);
    expect(log.anchorWishes).toEqual([undefined]);
    const own = { ...published, anchoring: { chains: [chain], required: true } };
    const block = chain.blocks.at(-1) ?? "0x";
    for (const query of ["?anchor=any", `?anchor=${block}`]) {
      expect([query, ...(await verify(await bundle(query), own))]).toEqual([query, true, "passed"]);
    }
    expect(log.anchorWishes.slice(1)).toEqual([
      { blocks: [], required: true },
      { blocks: [hexToBytes(block)], required: true },
    ]);
  });

  test("if it can be, for a reader who learns the block from the chain itself", async () => {
    const { chain } = log.anchor();
    const published = await publish({ chains: [{ ...chain, blocks: [] }], required: false });
    expect(await verify(await bundle(), published)).toEqual([true, "skipped"]);
    const reader = { ...published, anchoring: { chains: [chain], required: false } };
    expect(await verify(await bundle("?anchor=available"), reader)).toEqual([true, "passed"]);
    expect(await verify(await bundle("?anchor=available"), published)).toEqual([false, "failed"]);
    log.anchored = undefined;
    expect(await verify(await bundle("?anchor=available"), reader)).toEqual([true, "skipped"]);
    expect(log.anchorWishes.slice(1)).toEqual([1, 2, 3].map(() => ({ blocks: [], required: false })));
  });

  test("later, or never, or not at all", async () => {
    const pending = await bundle("?anchor=any");
    expect([pending.status, pending.headers.get("retry-after")]).toEqual([503, "30"]);
    expect(await pending.json()).toMatchObject({ error: { code: "NOT_ANCHORED_YET" } });
    log.isAnchoringOff = true;
    const off = await bundle("?anchor=any");
    expect([off.status, await off.json()]).toMatchObject([501, { error: { code: "MODULE_DISABLED" } }]);
    for (const query of ["?anchor=some", "?anchor=0x12", "?anchors=any"]) {
      expect([query, (await bundle(query)).status]).toEqual([query, 400]);
    }
  });

  test("and never without, where the published trust file asks for it", async () => {
    const { chain } = log.anchor();
    const trust = await publish({ chains: [chain], required: true });
    expect(await verify(await bundle(), trust)).toEqual([true, "passed"]);
    log.anchored = undefined;
    expect((await bundle()).status).toBe(503);
  });
});
