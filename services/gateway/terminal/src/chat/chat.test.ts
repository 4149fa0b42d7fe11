import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { GatewayCallError } from "../gateway/fault.ts";
import { Chat } from "./chat.ts";
import { type Answer, answersOf } from "./conversation.ts";
import { ConversationRecords, type ExchangeRecord } from "./records/conversation-records.ts";
import { retentionLimits } from "./records/retention.ts";
import { type Exchanged, encodeRequest } from "./request-body.ts";

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const delta = (content: string): string => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
const done = "data: [DONE]\n\n";

/** An answer that is written piece by piece, by the test. */
function openAnswer(signal: AbortSignal) {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(given) {
      controller = given;
    },
  });
  signal.addEventListener("abort", () => controller?.error(signal.reason));
  const response = new Response(body, { headers: { "x-request-id": "req_1" } });
  return { response, write: (text: string) => controller?.enqueue(bytesOf(text)), end: () => controller?.close() };
}

let counter = 0;

describe("chat", () => {
  let records: ConversationRecords;
  let chat: Chat;
  let histories: (readonly Exchanged[])[];
  let exchanges: { exchange: ExchangeRecord; answer: Answer }[];
  let post: (signal: AbortSignal) => Promise<Response>;
  let spent: number;

  const answering = (text: string) => async (): Promise<Response> =>
    new Response(`${delta(text)}${done}`, { headers: { "x-request-id": `req_${text}` } });

  beforeEach(async () => {
    counter += 1;
    records = await ConversationRecords.open(retentionLimits, `chat-${counter}`);
    [histories, exchanges, spent] = [[], [], 0];
    post = answering("Paris");
    let id = 0;
    let now = 0;
    chat = new Chat({
      prepare: (prompt, history) => {
        histories.push(history);
        if (prompt === "nobody") return null;
        const settings = { model: "m", system: "", tokensMax: 9, temperature: null };
        return {
          model: "m",
          body: encodeRequest(settings, [{ role: "user", content: prompt }]),
          headers: {},
          turnsLeftOut: 0,
        };
      },
      post: (_question, signal) => post(signal),
      records,
      onExchange: (exchange, answer) => exchanges.push({ exchange, answer }),
      onSpent: () => {
        spent += 1;
      },
      nextFrame: (action) => action(),
      now: () => {
        now += 1;
        return now;
      },
      newId: () => {
        id += 1;
        return `id${id}`;
      },
    });
  });
  afterEach(() => records.close());

  const answers = (): Answer[] => answersOf(chat.current.get());
  const textOf = (answer: Answer | undefined): string => chat.readings.of(answer?.id ?? "").get().text;

  test("keeps the exact bytes, and reads them again after a reload", async () => {
    expect(await chat.send("Capital of France?")).toBe(true);
    expect(answers()).toMatchObject([{ state: "complete", head: { requestId: "req_Paris" } }]);
    expect(new TextDecoder().decode(exchanges[0]?.exchange.response)).toBe(`${delta("Paris")}${done}`);
    expect(spent).toBe(1);
    const { id } = chat.current.get();
    chat.startNew();
    expect(answers()).toEqual([]);
    expect(await chat.open(id)).toBe(true);
    expect(textOf(answers()[0])).toBe("Paris");
    expect(exchanges).toHaveLength(2);
    expect(chat.list.get()).toMatchObject([{ id, title: "Capital of France?" }]);
    expect(await chat.open("gone")).toBe(false);
  });

  test("tells the model what went before, and not what never got an answer", async () => {
    await chat.send("one");
    post = async () => {
      throw new GatewayCallError({ code: "BUDGET_EXHAUSTED", reason: "no" });
    };
    await chat.send("two");
    expect(answers()[1]).toMatchObject({ state: "refused", fault: { code: "BUDGET_EXHAUSTED" } });
    expect(exchanges).toHaveLength(1);
    post = answering("Rome");
    await chat.send("three");
    expect(histories).toEqual([[], [{ prompt: "one", answer: "Paris" }], [{ prompt: "one", answer: "Paris" }]]);
  });

  test("regenerating leaves the turn itself out of what is told, and keeps both answers", async () => {
    await chat.send("one");
    post = answering("Lyon");
    await chat.regenerate(chat.current.get().turns[0]?.id ?? "");
    expect(answers().map(textOf)).toEqual(["Paris", "Lyon"]);
    expect(chat.current.get().turns[0]?.chosen).toBe(1);
    expect(histories[1]).toEqual([]);
    await chat.send("two");
    expect(histories[2]).toEqual([{ prompt: "one", answer: "Lyon" }]);
  });

  test("editing drops what came after, bytes included", async () => {
    await chat.send("one");
    await chat.send("two");
    const [first, second] = answers();
    await chat.editAndResend(chat.current.get().turns[0]?.id ?? "", "other");
    expect(chat.current.get().turns.map(({ prompt }) => prompt)).toEqual(["other"]);
    const kept = (await records.load(chat.current.get().id))?.exchanges.map(({ answerId }) => answerId);
    expect(kept).not.toContain(first?.id);
    expect(kept).not.toContain(second?.id);
    expect(kept).toHaveLength(1);
  });

  test("stopping keeps what has arrived, marked as stopped", async () => {
    let answer: ReturnType<typeof openAnswer> | undefined;
    post = async (signal) => {
      answer = openAnswer(signal);
      answer.write(delta("Par"));
      return answer.response;
    };
    const sent = chat.send("one");
    await new Promise<void>((resolve) => {
      const stop = chat.current.subscribe(() => {
        if (answers()[0]?.firstByteAt === null) return;
        stop();
        resolve();
      });
    });
    expect(chat.running.get()).not.toBeNull();
    expect(await chat.send("meanwhile")).toBe(false);
    chat.stop();
    await sent;
    expect(answers()[0]).toMatchObject({ state: "stopped", reason: null });
    expect(textOf(answers()[0])).toBe("Par");
    expect(chat.running.get()).toBeNull();
  });

  test("an answer goes on while another conversation is on the screen", async () => {
    let answer: ReturnType<typeof openAnswer> | undefined;
    post = async (signal) => {
      answer = openAnswer(signal);
      return answer.response;
    };
    const sent = chat.send("one");
    const { id } = chat.current.get();
    await waitFor(() => answer);
    chat.startNew();
    answer?.write(delta("Paris") + done);
    answer?.end();
    await sent;
    expect(chat.current.get().turns).toEqual([]);
    await chat.open(id);
    expect(answers()).toMatchObject([{ state: "complete" }]);
    expect(textOf(answers()[0])).toBe("Paris");
  });

  test("a stream that ends early is broken, here and after a reload", async () => {
    post = async () => new Response(delta("Par"), { headers: { "x-request-id": "req_x" } });
    await chat.send("one");
    expect(answers()[0]).toMatchObject({ state: "broken" });
    const { id } = chat.current.get();
    chat.startNew();
    await chat.open(id);
    expect(answers()[0]).toMatchObject({ state: "broken" });
  });

  test("deleting the running conversation leaves nothing behind", async () => {
    post = async (signal) => openAnswer(signal).response;
    const sent = chat.send("one");
    await chat.delete(chat.current.get().id);
    await sent;
    expect(await records.list()).toEqual([]);
    expect(chat.running.get()).toBeNull();
  });

  test("the conversation that was asked for last is the one that opens", async () => {
    await chat.send("one");
    const first = chat.current.get().id;
    chat.startNew();
    await chat.send("two");
    const second = chat.current.get().id;
    chat.startNew();
    await Promise.all([chat.open(first), chat.open(second)]);
    expect(chat.current.get().id).toBe(second);
    const opening = chat.open(first);
    chat.startNew();
    await opening;
    expect(chat.current.get().turns).toEqual([]);
  });

  test("without a model nothing is asked and nothing is kept", async () => {
    expect(await chat.send("nobody")).toBe(false);
    expect(await records.list()).toEqual([]);
  });

  test("the export holds text and bytes", async () => {
    await chat.send("one");
    const exported = JSON.parse((await chat.export(chat.current.get().id, "proofs")) ?? "null");
    const answer = exported.turns[0].answers[0];
    expect(answer).toMatchObject({ text: "Paris", requestId: "req_Paris", state: "complete" });
    expect(Buffer.from(answer.response, "base64").toString()).toBe(`${delta("Paris")}${done}`);
    expect(await chat.export("gone", "proofs")).toBeNull();
    post = async () => new Response(delta("Ro"), { headers: { "x-request-id": "req_x" } });
    await chat.send("two");
    const markdown = "# one\n\n## one\n\nParis\n\n## two\n\nRo\n\n*(broken: not a complete answer)*\n";
    expect(await chat.export(chat.current.get().id, "markdown")).toBe(markdown);
  });
});
