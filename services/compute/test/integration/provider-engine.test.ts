import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "@jest/globals";
import { Endpoint } from "@koinon/contracts/koinon/compute/v1/inference";
import { receiptDocument } from "@koinon/receipts/receipt";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import { startRandomEngine, type TestEngine } from "../fixtures/engine-process.ts";
import { need, type Served, startProvider, type TestProvider, testOffer } from "../fixtures/test-provider.ts";

let engine: TestEngine;
let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let alpha: TestProvider;

beforeAll(async () => {
  engine = await startRandomEngine();
});
afterAll(() => engine.close());
beforeEach(async () => {
  folder = await temporaryFolder();
  alpha = await startProvider(folder.path, { offers: [{ ...testOffer, model: "random" }] }, { engine: engine.client });
});
afterEach(async () => {
  await alpha.stop();
  await folder.remove();
});

// A grammar keeps the random model from ending its turn before the test has seen enough, and in letters of one token each.
const flags = { type: "array", items: { type: "boolean" }, minItems: 500 };
const letters = { type: "json_schema", json_schema: { name: "x", schema: flags } };
const chat = { model: "random", messages: [{ role: "user", content: "hi" }], seed: 1, response_format: letters };
const receiptOf = (served: Served) => receiptDocument.struct.decode(need(served.receipt?.receipt).content);
const textOf = (served: Served) => served.body.toString();

test("whole and streamed answers are receipted under the market's own check, metered by token", async () => {
  for (const stream of [false, true]) {
    const request = alpha.order({ ...chat, stream, max_tokens: 12 });
    const served = await alpha.serve(request);
    expect(alpha.check(request, served)).toMatchObject({ accepted: true });
    const receipt = receiptOf(served);
    expect(receipt.outputUnits).toBe(12n);
    expect(receipt.fee).toBe(5n + receipt.inputUnits + 3n * 12n);
    expect(served.contentType).toContain(stream ? "text/event-stream" : "application/json");
    if (stream) expect(textOf(served)).toMatch(/data: \[DONE\]\n\n$/);
    else
      expect(JSON.parse(textOf(served))).toMatchObject({
        usage: { completion_tokens: 12, prompt_tokens: Number(receipt.inputUnits) },
      });
  }
});

test("it stops with 'length' before it would charge more than is reserved", async () => {
  const probe = receiptOf(await alpha.serve(alpha.order({ ...chat, max_tokens: 1 })));
  const covers = (tokens: bigint) => String(5n + probe.inputUnits + 3n * tokens);
  const served = await alpha.serve(alpha.order({ ...chat, max_tokens: 100 }, { maxFee: covers(4n) }));
  expect(receiptOf(served)).toMatchObject({ outputUnits: 4n, fee: BigInt(covers(4n)) });
  expect(JSON.parse(textOf(served)).choices[0].finish_reason).toBe("length");
  const refused = await alpha.serve(
    alpha.order({ ...chat, max_tokens: 100 }, { maxFee: String(5n + probe.inputUnits - 1n) }),
  );
  expect(refused).toMatchObject({ status: 400, receipt: undefined });
  expect(JSON.parse(textOf(refused)).error.code).toBe("max_fee_too_low");
});

test("a consumer that leaves pays for what was taken, and the engine stops", async () => {
  const request = alpha.order({ ...chat, stream: true, max_tokens: 800 });
  const served = await alpha.serve(request, { leaveAfter: 3 });
  const [submitted] = await waitFor(() => (alpha.market.submitted.length > 0 ? alpha.market.submitted : undefined));
  const receipt = receiptOf({ ...served, receipt: submitted });
  expect(receipt.outcome).toBe(1);
  // The first chunk holds role and first token.
  expect(receipt.outputUnits).toBe(3n);
  expect(alpha.check(request, { ...served, receipt: submitted }, false)).toMatchObject({ accepted: true });
  await waitFor(async () => {
    await engine.generator.refresh(AbortSignal.timeout(1_000));
    return engine.generator.health().active === 0;
  });
});

test("refusals of the request carry status and OpenAI's error, and cost nothing", async () => {
  const served = await alpha.serve(alpha.order({ ...chat, stream: true, temperature: 9 }));
  expect(served).toMatchObject({ status: 400, contentType: "application/json", receipt: undefined, error: undefined });
  expect(JSON.parse(textOf(served)).error).toMatchObject({ type: "invalid_request_error", param: "temperature" });
  expect((await alpha.serve(alpha.order({ ...chat }, { endpoint: Endpoint.EMBEDDINGS }))).error).toMatchObject({
    code: "ENDPOINT_NOT_SERVED",
  });
});

test("an engine that dies in the middle breaks the answer: an error, no receipt; afterwards it serves again", async () => {
  const pid = need(engine.process.state.pid);
  const serving = alpha.serve(alpha.order({ ...chat, stream: true, max_tokens: 900 }));
  await waitFor(() => alpha.provider.active === 1);
  await waitFor(async () => {
    await engine.generator.refresh(AbortSignal.timeout(1_000));
    return engine.generator.health().active === 1;
  });
  process.kill(pid, "SIGKILL");
  const served = await serving;
  expect(served.receipt).toBeUndefined();
  expect(served.error).toMatchObject({ code: expect.stringMatching(/^(ANSWER_BROKEN|ENGINE_UNAVAILABLE)$/) });
  expect(alpha.journal.pendingCount).toBe(0);
  const again = await waitFor(
    async () => {
      const next = await alpha.serve(alpha.order({ ...chat, max_tokens: 2 }));
      return next.receipt === undefined ? undefined : next;
    },
    { deadlineMs: 15_000, what: "the engine to serve again" },
  );
  expect(receiptOf(again).outputUnits).toBe(2n);
});
