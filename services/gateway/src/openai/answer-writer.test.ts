import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { AnswerWriter } from "./answer-writer.ts";

const stallMs = 300;

/** A client's socket behind which an answer breaks off after `sent`, and when the server let go of it. */
async function brokenAnswer(sent: string): Promise<{ socket: net.Socket; isClosed(): boolean; stop(): void }> {
  let closed = false;
  const server = http.createServer((_request, response) => {
    const writer = new AnswerWriter(response, { stallMs }, new AbortController());
    response.once("close", () => {
      closed = true;
    });
    writer.start(200, { "content-type": "text/event-stream" });
    void writer.write(Buffer.from(sent));
    writer.breakOff('{"error":{"code":"BROKEN"}}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nhost: test\r\n\r\n");
  return {
    socket,
    isClosed: () => closed,
    stop: () => {
      socket.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

describe("an answer that breaks off", () => {
  test("leaves the client time to read why before the connection is cut, without the last chunk", async () => {
    const { socket, stop } = await brokenAnswer("data: 1\n\n");
    let text = "";
    let saidAt = Number.POSITIVE_INFINITY;
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
      if (text.includes("BROKEN")) saidAt = Math.min(saidAt, performance.now());
    });
    await once(socket, "close");
    expect(performance.now() - saidAt).toBeGreaterThan(200);
    expect(text).toContain('data: {"error":{"code":"BROKEN"}}\n\n');
    expect(text).not.toContain("\r\n0\r\n");
    stop();
  });

  test("is let go of at once when the client hangs up", async () => {
    const { socket, isClosed, stop } = await brokenAnswer("data: 1\n\n");
    await once(socket, "data");
    const leftAt = performance.now();
    socket.destroy();
    await waitFor(isClosed, { what: "the server notices", intervalMs: 5 });
    expect(performance.now() - leftAt).toBeLessThan(200);
    stop();
  });

  test("is given up when the client takes nothing of it", async () => {
    const { socket, isClosed, stop } = await brokenAnswer("x".repeat(30_000_000));
    socket.pause();
    await waitFor(isClosed, { deadlineMs: 3_000, what: "the server gives up" });
    stop();
  });
});
