import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { systemClock } from "@koinon/runtime/clock";
import { createLogger } from "@koinon/runtime/logger";
import { EngineClient } from "../../src/engine/rpc/engine-client.ts";
import { createEngineMethods } from "../../src/engine/rpc/engine-methods.ts";
import { type EngineServer, startEngineServer } from "../../src/engine/rpc/engine-server.ts";
import { createJwt, isGoodJwt, parseJwtSecret } from "../../src/engine/rpc/jwt.ts";
import { createConsensusMethods } from "../../src/jsonrpc/consensus-methods.ts";
import { type ChainFixture, manualProposer, never, startChainFixture } from "../chain/chain-fixture.ts";

const secret = new Uint8Array(32).fill(0x42);
let fixture: ChainFixture;
let server: EngineServer;
let url: string;

beforeEach(async () => {
  fixture = await startChainFixture();
  const { view, engine } = fixture.chain;
  const client = { code: "KN", name: "koinon", version: "v0", commit: "0x00000000" };
  server = await startEngineServer(
    { host: "127.0.0.1", port: 0, secret },
    {
      methods: [createEngineMethods(engine, view.reader.config.forks, client), createConsensusMethods(view)],
      clock: systemClock,
      log: createLogger({ name: "test", level: "silent", clock: systemClock }),
    },
  );
  url = `http://127.0.0.1:${server.port}`;
});
afterEach(async () => {
  await server.close();
  await fixture.close();
});

function clientWith(key: Uint8Array): EngineClient {
  const { forks } = fixture.chain.view.reader.config;
  return new EngineClient({ url, secret: key, timeoutMs: 5_000 }, { forks, clock: systemClock });
}

describe("the Engine API", () => {
  test("a proposer drives our engine through it", async () => {
    const engine = clientWith(secret);
    await fixture.submit({ value: 3n }, 0);
    const head = await manualProposer(engine).propose(await engine.head(never), never);
    expect(fixture.chain.view.reader.block(head.hash)?.transactions).toHaveLength(1);
    expect(await engine.head(never)).toEqual(head);
  });

  test("a token of another secret is turned away", async () => {
    await expect(clientWith(new Uint8Array(32)).head(never)).rejects.toMatchObject({
      fault: { code: "ENGINE_UNREACHABLE", reason: "status 401" },
    });
  });

  test("errors have the numbers of the specification", async () => {
    const call = async (method: string, params: unknown[]) => {
      const headers = { "content-type": "application/json", authorization: `Bearer ${createJwt(secret, Date.now())}` };
      const body = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
      return (await (await fetch(url, { method: "POST", headers, body })).json()) as {
        error?: { code: number };
        result?: unknown;
      };
    };
    expect((await call("engine_getPayloadV5", ["0x0000000000000001"])).error?.code).toBe(-38001);
    const zero = `0x${"00".repeat(32)}`;
    const genesis = fixture.chain.view.reader.genesisHash;
    const bad = { headBlockHash: genesis, safeBlockHash: `0x${"11".repeat(32)}`, finalizedBlockHash: zero };
    expect((await call("engine_forkchoiceUpdatedV3", [bad, null])).error?.code).toBe(-38002);
    expect((await call("engine_forkchoiceUpdatedV3", [{}])).error?.code).toBe(-32602);
    expect((await call("engine_exchangeCapabilities", [[]])).result).toContain("engine_newPayloadV4");
    expect((await call("eth_getBalance", [zero.slice(0, 42), "latest"])).error?.code).toBe(-32601);
  });
});

describe("tokens", () => {
  const now = 1_700_000_000_000;
  const token = createJwt(secret, now);

  test.each([
    ["at once", token, now, true],
    ["after a minute", token, now + 60_000, true],
    ["after more than a minute", token, now + 61_000, false],
    ["from the future", token, now - 61_000, false],
    [
      "with another algorithm",
      token.replace(/^[^.]+/, Buffer.from('{"alg":"none"}').toString("base64url")),
      now,
      false,
    ],
    ["without signature", token.replace(/[^.]+$/, ""), now, false],
    ["with more parts", `${token}.x`, now, false],
    ["of nonsense", "a.b.c", now, false],
  ])("%s", (_name, given, at, good) => {
    expect(isGoodJwt(given, secret, at)).toBe(good);
  });

  test("secrets are 32 bytes of hex", () => {
    expect(parseJwtSecret(`0x${"42".repeat(32)}\n`)).toEqual(secret);
    expect(parseJwtSecret("42".repeat(31))).toBeUndefined();
  });
});
