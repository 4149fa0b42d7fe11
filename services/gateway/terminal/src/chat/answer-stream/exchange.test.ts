import { describe, expect, test } from "@jest/globals";
import { GatewayCallError } from "../../gateway/fault.ts";
import { type AnswerHead, type ExchangeListener, responseBytesMax, runExchange } from "./exchange.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = 'data: {"choices":[{"delta":{"content":"Hi"},"finish_reason":"stop"}]}\n\n';
const done = "data: [DONE]\n\n";

const quiet: ExchangeListener = { onHead: () => undefined, onReading: () => undefined };

function streamOf(parts: readonly (string | Error)[]): ReadableStream<Uint8Array> {
  const rest = [...parts];
  return new ReadableStream({
    pull(controller) {
      const part = rest.shift();
      if (part === undefined) controller.close();
      else if (part instanceof Error) controller.error(part);
      else controller.enqueue(bytesOf(part));
    },
  });
}

const answering =
  (parts: readonly (string | Error)[], headers: Record<string, string> = {}) =>
  async (): Promise<Response> =>
    new Response(streamOf(parts), { headers });

describe("an exchange", () => {
  test("keeps every byte, in order, and reads the headers", async () => {
    const heads: AnswerHead[] = [];
    const headers = { "x-request-id": "req_1", "x-koinon-provider": "0xaa", "x-koinon-provider-name": "%CE%91tlas" };
    const result = await runExchange(
      answering([text.slice(0, 20), text.slice(20), done], headers),
      new AbortController().signal,
      {
        ...quiet,
        onHead: (head) => heads.push(head),
      },
    );
    expect(result.end).toEqual({ kind: "complete" });
    expect(new TextDecoder().decode(result.response)).toBe(text + done);
    expect(result.reading.text).toBe("Hi");
    expect(heads).toEqual([
      { requestId: "req_1", provider: "0xaa", providerName: "Αtlas", manifest: null, priceId: null },
    ]);
  });

  test.each([
    ["a stream without its end", [text]],
    ["a connection that breaks", [text, new Error("reset")]],
    ["an error event", [text, 'data: {"error":{"message":"broke off"}}\n\n', done]],
    ["nothing at all", []],
  ])("%s is broken, never complete", async (_name, parts) => {
    const { end } = await runExchange(answering(parts), new AbortController().signal, quiet);
    expect(end.kind).toBe("broken");
  });

  test("what the stream says of its end counts more than the connection that breaks after it", async () => {
    const parts = [text, 'data: {"error":{"message":"broke off"}}\n\n', new Error("reset")];
    const { end } = await runExchange(answering(parts), new AbortController().signal, quiet);
    expect(end).toEqual({ kind: "broken", reason: "broke off" });
  });

  test("a refusal carries its fault", async () => {
    const fault = { code: "BUDGET_EXHAUSTED", reason: "no" } as const;
    const refuse = async (): Promise<Response> => {
      throw new GatewayCallError(fault);
    };
    const { end, head } = await runExchange(refuse, new AbortController().signal, quiet);
    expect({ end, head }).toEqual({ end: { kind: "refused", fault }, head: null });
  });

  test("stopping keeps what has come in", async () => {
    const stop = new AbortController();
    const endless = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(bytesOf(text));
        stop.signal.addEventListener("abort", () => controller.error(stop.signal.reason));
      },
    });
    const exchange = runExchange(async () => new Response(endless), stop.signal, {
      ...quiet,
      onReading: () => stop.abort(),
    });
    expect(await exchange).toMatchObject({ end: { kind: "stopped" }, reading: { text: "Hi" } });
  });

  test("an answer without bounds is given up", async () => {
    const chunk = new Uint8Array(1 << 20);
    let sent = 0;
    const flood = new ReadableStream<Uint8Array>({
      pull(controller) {
        sent += chunk.length;
        controller.enqueue(chunk);
      },
    });
    const { end, response } = await runExchange(async () => new Response(flood), new AbortController().signal, quiet);
    expect(end.kind).toBe("broken");
    expect(response.length).toBeLessThanOrEqual(responseBytesMax);
    expect(sent).toBeLessThan(2 * responseBytesMax);
  });
});
