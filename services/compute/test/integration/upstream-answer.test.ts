import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, expect, test } from "@jest/globals";
import { Pool } from "undici";
import { UpstreamAnswer } from "../../src/engine/upstream/upstream-answer.ts";

const closing: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});

/** Asks a server that answers with `answer`. */
async function ask(answer: (response: ServerResponse) => void, signal = new AbortController().signal) {
  const asked = Promise.withResolvers<ServerResponse>();
  const server = createServer((_, response) => {
    asked.resolve(response);
    answer(response);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const pool = new Pool(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, { connections: 1 });
  closing.push(async () => {
    await pool.destroy();
    server.closeAllConnections();
    server.close();
  });
  const upstream = new UpstreamAnswer(signal);
  pool.dispatch({ path: "/", method: "GET" }, upstream);
  return { upstream, response: asked.promise };
}

async function lengthsOf(upstream: UpstreamAnswer): Promise<number[]> {
  const lengths: number[] = [];
  for await (const piece of upstream) lengths.push(piece.length);
  return lengths;
}

const sumOf = (lengths: readonly number[]) => lengths.reduce((sum, length) => sum + length, 0);

test("what arrives together is read as one piece, and the end is the end", async () => {
  const { upstream } = await ask((response) => {
    // Three chunks of HTTP in one write.
    const head = "HTTP/1.1 201 Created\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n";
    response.socket?.write(`${head}3\r\none\r\n3\r\ntwo\r\n5\r\nthree\r\n0\r\n\r\n`);
  });
  expect(await upstream.head).toEqual({ statusCode: 201, contentType: "text/plain" });
  expect((await upstream.next()).value?.toString()).toBe("onetwothree");
  expect(await upstream.next()).toEqual({ done: true, value: undefined });
  expect(await upstream.next()).toEqual({ done: true, value: undefined });
});

test("an answer that breaks off gives what came, then throws", async () => {
  const { upstream, response } = await ask((answer) => answer.write("begun"));
  expect((await upstream.next()).value?.toString()).toBe("begun");
  const next = upstream.next();
  (await response).destroy();
  await expect(next).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
});

test("an abort ends the wait for the head at once, and the request", async () => {
  const abort = new AbortController();
  const { upstream, response } = await ask(() => undefined, abort.signal);
  const closed = once(await response, "close");
  abort.abort(new Error("the client left"));
  await expect(upstream.head).rejects.toThrow("the client left");
  await closed;
});

test("a signal that was aborted before asks nothing", async () => {
  const { upstream } = await ask(() => undefined, AbortSignal.abort(new Error("gone")));
  await expect(upstream.head).rejects.toThrow("gone");
});

test("leaving early ends the request", async () => {
  const { upstream, response } = await ask((answer) => answer.write("begun"));
  for await (const _ of upstream) break;
  const answer = await response;
  if (!answer.destroyed) await once(answer, "close");
  expect(answer.destroyed).toBe(true);
});

test("an answer that nobody reads stays with its server, and comes whole when somebody does", async () => {
  const sizeBytes = 64 * 1024 * 1024;
  const { upstream, response } = await ask((answer) => answer.end(Buffer.alloc(sizeBytes)));
  await upstream.head;
  const { socket } = await response;
  // The kernel's buffers take some of it, the reader's bound as much; the rest can not leave.
  expect(socket?.writableLength).toBeGreaterThan(sizeBytes / 2);
  const first = await upstream.next();
  expect(first.value?.length).toBeLessThan(sizeBytes / 2);
  expect((first.value?.length ?? 0) + sumOf(await lengthsOf(upstream))).toBe(sizeBytes);
});
