import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";
import { TestFault } from "../fixture/test-fault.ts";

let postgres: TestPostgres;
let running: RunningGateway;

beforeEach(async () => {
  postgres = await startTestPostgres();
  running = await startGateway(postgres, { env: { GATEWAY_KEY_TTL_MS: "500" } });
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
    const diedAt = performance.now();
    await postgres.kill();
    const refused = await waitFor(async () => {
      const response = await chat();
      return response.status === 200 ? undefined : response;
    });
    expect(performance.now() - diedAt).toBeLessThan(500 + 500);
    expect([refused.status, refused.headers.get("retry-after"), await code(refused)]).toEqual([
      503,
      "2",
      "STORE_UNAVAILABLE",
    ]);
    await waitFor(() => running.gateway.health().status === "not-serving");
    await postgres.restart();
    await waitFor(async () => (await chat()).status === 200, { deadlineMs: 10_000 });
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
