import "fake-indexeddb/auto";
import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import type { Conversation } from "../conversation.ts";
import { ConversationRecords, type ExchangeRecord } from "./conversation-records.ts";

let counter = 0;
const conversation = (id: string, updatedAt: number): Conversation => ({
  id,
  title: id,
  createdAt: 0,
  updatedAt,
  turns: [],
});
const exchange = (answerId: string, conversationId: string, bytes = 10): ExchangeRecord => ({
  answerId,
  conversationId,
  requestId: `req_${answerId}`,
  request: new Uint8Array(bytes).fill(1),
  response: new Uint8Array(bytes).fill(2),
  bundle: null,
});

describe("conversation records", () => {
  let records: ConversationRecords;

  beforeEach(async () => {
    counter += 1;
    records = await ConversationRecords.open({ conversationsMax: 3, bytesMax: 1_000 }, `test-${counter}`);
  });
  afterEach(() => records.close());

  test("bytes come back as they were, newest conversation first", async () => {
    await records.saveExchange(exchange("a1", "a"));
    await records.save(conversation("a", 1));
    await records.save(conversation("b", 2));
    expect((await records.list()).map(({ id, bytes }) => [id, bytes])).toEqual([
      ["b", 0],
      ["a", 20],
    ]);
    const found = await records.load("a");
    expect(found?.exchanges[0]?.response).toEqual(new Uint8Array(10).fill(2));
    expect(await records.findExchange("req_a1")).toMatchObject({ conversationId: "a" });
    expect(await records.load("z")).toBeNull();
    await records.saveBundle("a1", new Uint8Array([7]));
    await records.saveBundle("gone", new Uint8Array([7]));
    expect(await records.findExchange("req_a1")).toMatchObject({
      bundle: new Uint8Array([7]),
      response: new Uint8Array(10).fill(2),
    });
    expect(await records.findExchange("req_gone")).toBeUndefined();
  });

  test("the oldest make room, with their bytes", async () => {
    for (const [index, id] of ["a", "b", "c"].entries()) {
      await records.saveExchange(exchange(`${id}1`, id, 200));
      await records.save(conversation(id, index));
    }
    // Three of 400 bytes are more than 1,000: the first had to go.
    expect((await records.list()).map(({ id }) => id)).toEqual(["c", "b"]);
    expect(await records.findExchange("req_a1")).toBeUndefined();
  });

  test("the one that was just written stays, however large", async () => {
    await records.saveExchange(exchange("a1", "a", 5_000));
    expect(await records.save(conversation("a", 1))).toEqual([]);
    expect(await records.save(conversation("b", 2))).toEqual(["a"]);
  });

  test("deleting leaves nothing behind", async () => {
    await records.save(conversation("a", 1));
    await records.save(conversation("b", 2));
    for (const each of [exchange("a1", "a"), exchange("a2", "a"), exchange("b1", "b")])
      await records.saveExchange(each);
    await records.deleteExchanges(["a2"]);
    expect((await records.load("a"))?.exchanges).toHaveLength(1);
    await records.delete("a");
    expect(await records.findExchange("req_a1")).toBeUndefined();
    expect(await records.findExchange("req_b1")).toBeDefined();
    await records.clear();
    expect(await records.list()).toEqual([]);
    expect(await records.findExchange("req_b1")).toBeUndefined();
  });
});
