import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { Endpoint } from "@koinon/contracts/koinon/compute/v1/inference";
import { contentDigest } from "@koinon/receipts/document";
import { receiptDocument } from "@koinon/receipts/receipt";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { waitFor } from "@koinon/testkit/wait-for";
import {
  answerJson,
  answerStream,
  chatEvent,
  type MockUpstream,
  startMockUpstream,
  usageOfMock,
} from "../fixtures/mock-upstream.ts";
import { need, type Served, startProvider, type TestProvider, testDomain } from "../fixtures/test-provider.ts";

let folder: Awaited<ReturnType<typeof temporaryFolder>>;
let upstream: MockUpstream;
let alpha: TestProvider;

const stream = { model: "m", stream: true, messages: [{ role: "user", content: "hi" }] };

beforeEach(async () => {
  folder = await temporaryFolder();
  upstream = await startMockUpstream();
  alpha = await startProvider(folder.path, { engineUrl: upstream.baseUrl });
});

afterEach(async () => {
  await alpha.stop();
  await upstream.close();
  await folder.remove();
});

const receiptOf = (served: Served) => receiptDocument.struct.decode(need(served.receipt?.receipt).content);

describe("a stream", () => {
  test("passes the upstream's bytes without the usage chunk that was added, and its receipt holds under the market's check", async () => {
    const request = alpha.order(stream);
    const served = await alpha.serve(request);
    const expected = `${chatEvent({ content: "Hel" })}${chatEvent({ content: "lo" })}data: [DONE]\n\n`;
    expect(served).toMatchObject({ status: 200, contentType: "text/event-stream", error: undefined });
    expect(served.body.toString()).toBe(expected);
    expect(upstream.requests[0]).toEqual({ ...stream, stream_options: { include_usage: true } });
    expect(alpha.check(request, served)).toMatchObject({ accepted: true, checked: { relayed: true } });
    // fee = 5 + 7 * 1 + 2 * 3
    expect(receiptOf(served)).toMatchObject({
      kind: 1,
      outcome: 0,
      inputUnits: 7n,
      outputUnits: 2n,
      fee: 18n,
      sequence: 0n,
    });
  });

  test("leaves a usage chunk that the client asked for, and the request's bytes, alone", async () => {
    const text = JSON.stringify({ ...stream, stream_options: { include_usage: true } }).replaceAll(",", ", ");
    const served = await alpha.serve(alpha.order(text));
    expect(served.body.toString()).toContain(JSON.stringify(usageOfMock));
    expect(receiptOf(served)).toMatchObject({ inputUnits: 7n, outputUnits: 2n });
  });

  test("cut at every byte by the socket gives the same bytes and units", async () => {
    upstream.behave(async (_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      const text = `${chatEvent({ content: "é" })}${chatEvent(undefined, { usage: usageOfMock })}data: [DONE]\n\n`;
      for (const byte of Buffer.from(text)) {
        response.write(Buffer.from([byte]));
        await new Promise((resolve) => setImmediate(resolve));
      }
      response.end();
    });
    const served = await alpha.serve(alpha.order(stream));
    expect(served.body.toString()).toBe(`${chatEvent({ content: "é" })}data: [DONE]\n\n`);
    expect(receiptOf(served)).toMatchObject({ inputUnits: 7n, outputUnits: 2n });
  });

  test("that breaks off ends in an error without a receipt", async () => {
    upstream.behave((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chatEvent({ content: "Hel" }), () => response.destroy());
    });
    const served = await alpha.serve(alpha.order(stream));
    expect(served.body.length).toBeGreaterThan(0);
    expect(served.error).toMatchObject({ code: "ANSWER_BROKEN" });
    expect(served.receipt).toBeUndefined();
    expect(alpha.journal.pendingCount).toBe(0);
  });

  test("that ends without [DONE] is broken, not complete", async () => {
    upstream.behave((_request, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).end(chatEvent({ content: "Hel" }));
    });
    expect((await alpha.serve(alpha.order(stream))).error).toMatchObject({ code: "ANSWER_BROKEN" });
  });

  test("that used more than is reserved is broken and not charged", async () => {
    const served = await alpha.serve(alpha.order(stream, { maxFee: "17" }));
    expect(served.error).toMatchObject({ code: "ANSWER_BROKEN" });
    expect(served.receipt).toBeUndefined();
    expect((await alpha.serve(alpha.order(stream, { maxFee: "18" }))).receipt).toBeDefined();
    expect(await alpha.serve(alpha.order(stream, { maxFee: "4" }))).toMatchObject({ status: 400, receipt: undefined });
  });
});

test("a consumer that leaves: the upstream is let go, the bytes taken are signed as cancelled and handed in", async () => {
  let left = false;
  upstream.behave((_request, response) => {
    response.once("close", () => {
      left = true;
    });
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(chatEvent({ content: "Hel" }));
  });
  const request = alpha.order(stream);
  const served = await alpha.serve(request, { leaveAfter: 1 });
  await waitFor(() => left, { what: "the upstream's request to be dropped" });
  const [submitted] = await waitFor(() => (alpha.market.submitted.length > 0 ? alpha.market.submitted : undefined));
  const receipt = { ...served, receipt: submitted };
  // Its usage never came: one text delta was seen, so one token at least.
  expect(receiptOf(receipt)).toMatchObject({ outcome: 1, inputUnits: 0n, outputUnits: 1n, fee: 8n });
  expect(alpha.check(request, receipt, false)).toMatchObject({ accepted: true });
  expect(submitted?.output?.digest).toEqual(createHash("sha256").update(served.body).digest());
});

describe("answers that are not streamed", () => {
  const body = { model: "m", messages: [{ role: "user", content: "hi" }] };

  test("pass byte for byte and are metered by their own usage", async () => {
    upstream.behave(
      answerJson({
        id: "x",
        choices: [{ message: { content: 'say "usage":{"prompt_tokens":99}' } }],
        usage: usageOfMock,
      }),
    );
    const request = alpha.order(body);
    const served = await alpha.serve(request);
    expect(JSON.parse(served.body.toString())).toMatchObject({ usage: usageOfMock });
    expect(receiptOf(served)).toMatchObject({ inputUnits: 7n, outputUnits: 2n });
    expect(alpha.check(request, served)).toMatchObject({ accepted: true });
  });

  test("the request's faults keep the upstream's words, other failures let another provider try", async () => {
    upstream.behave(
      answerJson(
        {
          error: {
            message: "too long",
            type: "invalid_request_error",
            param: "messages",
            code: "context_length_exceeded",
          },
        },
        400,
      ),
    );
    const refused = await alpha.serve(alpha.order(body));
    expect(refused).toMatchObject({ status: 400, receipt: undefined, error: undefined });
    expect(JSON.parse(refused.body.toString())).toEqual({
      error: { message: "too long", type: "invalid_request_error", param: "messages", code: "context_length_exceeded" },
    });
    const cases = [
      [401, "ANSWER_BROKEN"],
      [404, "ANSWER_BROKEN"],
      [429, "ENGINE_OVERLOADED"],
      [500, "ANSWER_BROKEN"],
      [503, "ENGINE_OVERLOADED"],
    ] as const;
    for (const [status, code] of cases) {
      upstream.behave(answerJson({}, status));
      expect([status, await alpha.serve(alpha.order(body))]).toMatchObject([
        status,
        { status: undefined, error: { code } },
      ]);
    }
  });
});

test("a receipt that a request names as settled is not handed in any more", async () => {
  const receiptIdOf = ({ receipt }: Awaited<ReturnType<typeof alpha.serve>>) =>
    contentDigest(receiptDocument, receipt?.receipt?.content ?? new Uint8Array(), testDomain);
  // Nothing leaves the journal by another way.
  alpha.market.verdict = () => {
    throw new Error("market is away");
  };
  const first = await alpha.serve(alpha.order(stream));
  const settledReceipts = [receiptIdOf(first), Buffer.alloc(32, 1)];
  const second = await alpha.serve(alpha.order(stream, { settledReceipts }));
  expect(alpha.journal.oldest(10).map(({ receiptId }) => receiptId)).toEqual([Buffer.from(receiptIdOf(second))]);
});

describe("requests that are not taken", () => {
  test("by shape, price, model, endpoint and repetition", async () => {
    const cases: [string, Parameters<typeof alpha.order>[1]][] = [
      ["FIELD_INVALID", { requestId: new Uint8Array(31) }],
      ["FIELD_INVALID", { requestId: Buffer.alloc(32, 1) }],
      ["FIELD_INVALID", { consumer: new Uint8Array(19) }],
      ["FIELD_INVALID", { maxFee: "1e3" }],
      ["FIELD_INVALID", { endpoint: Endpoint.UNSPECIFIED }],
      ["FIELD_INVALID", { settledReceipts: [new Uint8Array(31)] }],
      ["FIELD_INVALID", { settledReceipts: new Array(65).fill(new Uint8Array(32)) }],
      ["PRICE_UNKNOWN", { priceId: Buffer.alloc(32, 1) }],
      ["MANIFEST_NOT_OFFERED", { manifestHash: Buffer.alloc(32, 1) }],
      ["ENDPOINT_NOT_SERVED", { endpoint: Endpoint.EMBEDDINGS }],
    ];
    for (const [code, options] of cases) {
      expect([code, (await alpha.serve(alpha.order(stream, options))).error]).toMatchObject([code, { code }]);
    }
    const request = alpha.order(stream);
    expect((await alpha.serve(request)).receipt).toBeDefined();
    expect((await alpha.serve(request)).error).toMatchObject({ code: "REQUEST_ALREADY_SERVED" });
  });

  test("beyond capacity and queue: a typed overload, and service goes on afterwards", async () => {
    const waiting: (() => void)[] = [];
    upstream.behave(async (request, response) => {
      await new Promise<void>((resolve) => waiting.push(resolve));
      await answerStream(["x"])(request, response);
    });
    const serving = Array.from({ length: 9 }, () => alpha.serve(alpha.order(stream)));
    const refused = await Promise.race(serving);
    expect(refused.error).toMatchObject({ code: "PROVIDER_OVERLOADED", fault: { active: 4, queued: 4 } });
    await waitFor(() => waiting.length === 4, { what: "four requests at the upstream" });
    upstream.behave(answerStream(["x"]));
    for (const release of waiting) release();
    const served = await Promise.all(serving);
    expect(served.filter((answer) => answer.receipt !== undefined)).toHaveLength(8);
  });

  test("while draining; what is under way is finished and the market is told", async () => {
    const begun = Promise.withResolvers<() => void>();
    upstream.behave((request, response) => begun.resolve(() => answerStream(["x"])(request, response)));
    const serving = alpha.serve(alpha.order(stream));
    const release = await begun.promise;
    await alpha.provider.drain(AbortSignal.timeout(1_000));
    expect((await alpha.serve(alpha.order(stream))).error).toMatchObject({ code: "PROVIDER_DRAINING" });
    expect(alpha.market.heartbeats.at(-1)).toMatchObject({ draining: true });
    release();
    expect((await serving).receipt).toBeDefined();
  });
});

test("concurrent requests of one consumer share one session without gaps", async () => {
  const served = await Promise.all(Array.from({ length: 8 }, () => alpha.serve(alpha.order(stream))));
  const receipts = served.map(receiptOf).sort((a, b) => Number(a.sequence - b.sequence));
  expect(receipts.map((receipt) => receipt.sequence)).toEqual([0n, 1n, 2n, 3n, 4n, 5n, 6n, 7n]);
  expect(new Set(receipts.map((receipt) => receipt.session)).size).toBe(1);
});
