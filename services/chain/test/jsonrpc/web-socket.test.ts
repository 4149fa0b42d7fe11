import net from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { type ClientOptions, WebSocket } from "ws";
import { type OwnNode, startOwnNode } from "../clients/own-node.ts";
import { sendCoin } from "./sent-transactions.ts";

let node: OwnNode;

beforeAll(async () => {
  node = await startOwnNode({
    policy: { corsOrigins: ["https://wallet.example"], hosts: [] },
    limits: {
      connectionsMax: 4,
      subscriptionsPerConnectionMax: 2,
      sendQueueBytesMax: 100_000,
      stalledConnectionMs: 200,
      bodyBytesMax: 100_000,
    },
  });
});
afterAll(() => node.stop());

interface Message {
  readonly id?: number;
  readonly result?: unknown;
  readonly error?: { code: number; message: string };
  readonly method?: string;
  readonly params?: { subscription: string; result: Record<string, unknown> };
}

/** A connection that keeps what it hears. */
class Client {
  readonly socket: WebSocket;
  readonly heard: Message[] = [];
  #id = 0;

  constructor(options: ClientOptions = {}) {
    this.socket = new WebSocket(node.ws, options);
    this.socket.on("message", (data) => this.heard.push(JSON.parse(data.toString()) as Message));
    this.socket.on("error", () => undefined);
  }

  async open(): Promise<this> {
    await waitFor(() => this.socket.readyState === WebSocket.OPEN);
    return this;
  }

  async ask(method: string, ...params: unknown[]): Promise<Message> {
    const id = ++this.#id;
    this.socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    return waitFor(() => this.heard.find((message) => message.id === id));
  }

  notices(subscription: unknown): Record<string, unknown>[] {
    return this.heard.flatMap(({ params }) =>
      params !== undefined && params.subscription === subscription ? [params.result] : [],
    );
  }

  async closed(): Promise<void> {
    await waitFor(() => this.socket.readyState === WebSocket.CLOSED);
  }

  async close(): Promise<void> {
    this.socket.close();
    await this.closed();
  }
}

describe("JSON-RPC over WebSocket", () => {
  test("answers, alone and in batches", async () => {
    const client = await new Client().open();
    expect(await client.ask("eth_chainId")).toEqual({ jsonrpc: "2.0", id: 1, result: "0x7a69" });
    client.socket.send("nonsense");
    await waitFor(() => client.heard.some(({ error }) => error?.code === -32700));
    await client.close();
  });

  test("tells every block once and in order, until it is told to stop", async () => {
    const client = await new Client().open();
    const { result: id } = await client.ask("eth_subscribe", "newHeads");
    for (let count = 0; count < 3; count++) await sendCoin(node, { value: 1n });
    await waitFor(() => client.notices(id).length >= 3);
    const numbers = client.notices(id).map(({ number }) => Number(number));
    expect(numbers).toEqual(numbers.map((_, index) => (numbers[0] as number) + index));
    expect((await client.ask("eth_unsubscribe", id)).result).toBe(true);
    const heard = client.notices(id).length;
    await sendCoin(node, { value: 1n });
    await client.ask("eth_blockNumber");
    expect(client.notices(id)).toHaveLength(heard);
    expect((await client.ask("eth_unsubscribe", id)).error?.message).toBe("subscription not found");
    await client.close();
  });

  test("tells hashes or whole transactions that wait", async () => {
    const client = await new Client().open();
    const { result: hashes } = await client.ask("eth_subscribe", "newPendingTransactions");
    const { result: whole } = await client.ask("eth_subscribe", "newPendingTransactions", true);
    const hash = await sendCoin(node, { value: 5n });
    await waitFor(() => client.notices(hashes).includes(hash as never) && client.notices(whole).length > 0);
    expect(client.notices(whole)).toContainEqual(expect.objectContaining({ hash, value: "0x5", blockHash: null }));
    await client.close();
  });

  test("refuses subscriptions that it does not know, and too many", async () => {
    const client = await new Client().open();
    const { error } = await client.ask("eth_subscribe", "syncing");
    expect(error).toEqual({ code: -32601, message: 'no "syncing" subscription in eth namespace' });
    expect((await client.ask("eth_subscribe", 5)).error?.code).toBe(-32602);
    expect((await client.ask("eth_subscribe", "logs", { address: "0x1" })).error?.code).toBe(-32602);
    await client.ask("eth_subscribe", "logs");
    await client.ask("eth_subscribe", "newHeads");
    expect((await client.ask("eth_subscribe", "newHeads")).error?.message).toBe("too many subscriptions");
    await client.close();
  });

  test("opens for listed origins and programs, and for so many", async () => {
    const stranger = new Client({ origin: "https://elsewhere.example" });
    await stranger.closed();
    const clients = [await new Client({ origin: "https://wallet.example" }).open()];
    while (clients.length < 4) clients.push(await new Client().open());
    const late = new Client();
    await late.closed();
    for (const client of clients) await client.close();
    await (await new Client().open()).close();
  });

  test("ends connections that send too much at once or bytes that are no text", async () => {
    const large = await new Client().open();
    large.socket.send("x".repeat(200_000));
    await large.closed();
    const binary = await new Client().open();
    binary.socket.send(Buffer.from("{}"), { binary: true });
    await binary.closed();
  });

  test("cuts off who asks and does not listen", async () => {
    const { port } = new URL(node.http);
    const socket = net.connect(Number(port), "127.0.0.1");
    socket.on("error", () => undefined);
    const key = Buffer.alloc(16).toString("base64");
    socket.write(
      `GET / HTTP/1.1\r\nhost: localhost\r\nupgrade: websocket\r\nconnection: Upgrade\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${key}\r\n\r\n`,
    );
    await new Promise((resolve) => socket.once("readable", resolve));
    // Whole blocks, until the kernel's buffers and ours are full.
    const request = frame(
      JSON.stringify(
        new Array(100).fill({ jsonrpc: "2.0", id: 1, method: "eth_getBlockByNumber", params: ["0x0", true] }),
      ),
    );
    for (let count = 0; count < 400; count++) socket.write(request);
    // Who does not read learns of it by writing.
    await waitFor(() => {
      if (!socket.destroyed) socket.write(frame("[]"));
      return socket.destroyed;
    });
    expect(await (await new Client().open()).ask("eth_chainId")).toMatchObject({ result: "0x7a69" });
  });
});

/** A masked text frame of RFC 6455, section 5.2, with a mask of zeros. */
function frame(text: string): Buffer {
  const payload = Buffer.from(text);
  const header = Buffer.alloc(8);
  header[0] = 0x81;
  header[1] = 0x80 | 126;
  header.writeUInt16BE(payload.length, 2);
  return Buffer.concat([header, payload]);
}
