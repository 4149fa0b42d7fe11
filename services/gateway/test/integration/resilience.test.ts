import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";
import { TestFault } from "../fixture/test-fault.ts";

let postgres: TestPostgres;
let running: RunningGateway;
let clock: FakeClock;
const keyTtlMs = 500;

beforeEach(async () => {
  postgres = await startTestPostgres();
  clock = new FakeClock();
  running = await startGateway(postgres, { clock, env: { GATEWAY_KEY_TTL_MS: String(keyTtlMs) } });
});
afterEach(async () => {
  await running.stop();
  await postgres.stop();
});

const chat = () => running.call("POST", "/v1/chat/completions", { body: { model: "m", messages: [] } });
const code = async (response: Response) => ((await response.json()) as { error: { code: string } }).error.code;

describe("a database that dies", () => {
  test("keys in use work until their records are too old, then nothing is let in, until it is back", async () => {
    expect((await chat()).status).toBe(200);
    await postgres.kill();
    clock.advance(keyTtlMs - 1);
    expect((await chat()).status).toBe(200);
    clock.advance(1);
    const refused = await chat();
    expect([refused.status, refused.headers.get("retry-after"), await code(refused)]).toEqual([
      503,
      "2",
      "STORE_UNAVAILABLE",
    ]);
    await waitFor(() => running.gateway.health().status === "not-serving");
    await postgres.restart();
    await waitFor(async () => (await chat()).status === 200);
    await waitFor(() => running.gateway.health().status === "serving");
  });
});

describe("a market that is down", () => {
  test("makes inference a typed 503 and leaves keys in order", async () => {
    running.market.behaviour = async function* () {
      yield* [];
      throw new TestFault("MARKET_DOWN");
    };
    const refused = await chat();
    expect([refused.status, refused.headers.get("retry-after"), await code(refused)]).toEqual([
      503,
      "1",
      "MARKET_DOWN",
    ]);
    running.market.accountFault = new TestFault("MARKET_DOWN");
    expect((await running.call("GET", "/v1/budget")).status).toBe(503);
    expect((await running.call("GET", "/v1/keys")).status).toBe(200);
    expect(running.gateway.health().status).toBe("serving");
  });
});
