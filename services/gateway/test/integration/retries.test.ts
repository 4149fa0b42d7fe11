import { afterAll, afterEach, beforeAll, describe, expect, test } from "@jest/globals";
import type { InferRequest, InferResponse } from "@koinon/contracts/koinon/compute/v1/inference";
import { transportError } from "@koinon/rpc/rpc-error";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { waitFor } from "@koinon/testkit/wait-for";
import { type RunningGateway, startGateway } from "../fixture/start-gateway.ts";
import { TestFault } from "../fixture/test-fault.ts";

let postgres: TestPostgres;
let running: RunningGateway;
const asked: InferRequest[] = [];
/** Enough for the few attempts of a test on a busy machine. */
const retryMs = 2_000;

beforeAll(async () => {
  postgres = await startTestPostgres();
  running = await startGateway(postgres, { env: { GATEWAY_RETRY_MS: String(retryMs) } });
});
afterAll(async () => {
  await running.stop();
  await postgres.stop();
});
afterEach(() => {
  asked.length = 0;
});

type Step = Error | (() => AsyncIterable<InferResponse>);

/** The market fails as told, one failure for each time it is asked, and answers when none is left; the last is repeated when asked to. */
function failing(steps: readonly Step[], forEver = false): void {
  running.market.behaviour = async function* (request) {
    asked.push(request);
    const step = steps[asked.length - 1] ?? (forEver ? steps.at(-1) : undefined);
    if (step instanceof Error) throw step;
    yield* step?.() ?? running.market.answer(request);
  };
}

const unavailable = () => transportError("UNAVAILABLE");
const chat = (init: { headers?: Record<string, string> } = {}) =>
  running.call("POST", "/v1/chat/completions", { body: { model: "m", messages: [] }, ...init });
const seen = async (response: Response) => [
  response.status,
  response.status === 200 ? "" : ((await response.json()) as { error: { code: string } }).error.code,
];

describe("a request that nobody has taken", () => {
  test.each([
    ["no provider for a moment", new TestFault("NO_PROVIDER_AVAILABLE")],
    ["a market that leaves", transportError("DRAINING")],
    ["a connection that is not made", unavailable()],
  ])("is asked again, under the same id: %s", async (_, failure) => {
    failing([failure, failure]);
    const response = await chat();
    expect(await seen(response)).toEqual([200, ""]);
    const ids = asked.map(({ requestId }) => Buffer.from(requestId).toString("hex").slice(32));
    const own = response.headers.get("x-request-id")?.slice("req_".length);
    expect(ids).toEqual([own, own, own]);
  });

  test("is given up after a while, with the last refusal", async () => {
    failing([unavailable(), new TestFault("NO_PROVIDER_AVAILABLE")], true);
    const began = performance.now();
    expect(await seen(await chat())).toEqual([503, "NO_PROVIDER_AVAILABLE"]);
    expect(performance.now() - began).toBeGreaterThanOrEqual(retryMs - 10);
    // Pauses of 50, 100, 200, 400 and then 500 ms, and what is left; a timer may be a millisecond early.
    expect(asked.length).toBeGreaterThan(2);
    expect(asked.length).toBeLessThanOrEqual(9);
  });

  test("is not asked again for a client that has gone", async () => {
    failing([new TestFault("NO_PROVIDER_AVAILABLE")], true);
    const leave = new AbortController();
    const gone = fetch(`${running.url}/v1/chat/completions`, {
      method: "POST",
      headers: { authorization: `Bearer ${running.adminKey}`, "content-type": "application/json" },
      body: JSON.stringify({ model: "m", messages: [] }),
      signal: leave.signal,
    }).catch(() => "gone");
    await waitFor(() => asked.length === 1);
    leave.abort();
    expect(await gone).toBe("gone");
    failing([]);
    await chat();
    expect(asked.length).toBeLessThanOrEqual(3);
  });
});

describe("a request that somebody may have taken", () => {
  test("by a market whose connection broke: the second refusal as seen before is told as what broke", async () => {
    failing([unavailable(), new TestFault("REQUEST_ALREADY_SEEN")]);
    expect(await seen(await chat())).toEqual([503, "UNAVAILABLE"]);
    expect(asked).toHaveLength(2);
  });

  test("is a conflict when it is the client's own repetition", async () => {
    failing([new TestFault("REQUEST_ALREADY_SEEN")]);
    expect(await seen(await chat({ headers: { "idempotency-key": "same" } }))).toEqual([409, "REQUEST_ALREADY_SEEN"]);
  });

  test.each([
    ["reserved for and failed by providers", new TestFault("PROVIDERS_FAILED"), 502],
    ["too much for the market", new TestFault("MARKET_OVERLOADED"), 503],
    ["of the client's making", new TestFault("MODEL_UNKNOWN"), 404],
  ])("is not asked again: %s", async (_, failure, status) => {
    failing([failure]);
    expect((await chat()).status).toBe(status);
    expect(asked).toHaveLength(1);
  });

  test("is not asked again once its answer has begun", async () => {
    failing([
      async function* () {
        yield running.market.head();
        throw unavailable();
      },
    ]);
    expect(await seen(await chat())).toEqual([503, "UNAVAILABLE"]);
    expect(asked).toHaveLength(1);
  });
});
