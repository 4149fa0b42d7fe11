import { once } from "node:events";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { waitFor } from "@koinon/testkit/wait-for";
import { AnswerWriter } from "./answer-writer.ts";

const stallMs = 300;

/** A client's socket behind which an answer breaks off after `sent`. */
interface BrokenAnswer {
  readonly socket: net.Socket;
  /** How long the server kept the connection after the answer had broken off, milliseconds; undefined while it does. */
  keptMs(): number | undefined;
  stop(): void;
}

async function brokenAnswer(sent: string): Promise<BrokenAnswer> {
  let keptMs: number | undefined;
  const server = http.createServer((_request, response) => {
    const writer = new AnswerWriter(response, { stallMs }, new AbortController());
    writer.start(200, { "content-type": "text/event-stream" });
    void writer.write(Buffer.from(sent));
    const brokenAt = performance.now();
    response.once("close", () => {
      keptMs = performance.now() - brokenAt;
    });
    writer.breakOff('{"error":{"code":"BROKEN"}}');
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const socket = net.connect((server.address() as AddressInfo).port, "127.0.0.1");
  socket.on("error", () => undefined);
  socket.write("GET / HTTP/1.1\r\nhost: test\r\n\r\n");
  return {
    socket,
    keptMs: () => keptMs,
    stop: () => {
      socket.destroy();
      server.close();
      server.closeAllConnections();
    },
  };
}

describe("an answer that breaks off", () => {
  test("leaves the client time to read why before the connection is cut, without the last chunk", async () => {
    const { socket, keptMs, stop } = await brokenAnswer("data: 1\n\n");
    let text = "";
    socket.setEncoding("latin1").on("data", (part: string) => {
      text += part;
    });
    await once(socket, "close");
    expect(await waitFor(keptMs)).toBeGreaterThan(200);
    expect(text).toContain('data: {"error":{"code":"BROKEN"}}\n\n');
    expect(text).not.toContain("\r\n0\r\n");
    stop();
  });

  test("is let go of at once when the client hangs up", async () => {
    // A busy machine may be late once, and not every time.
    let keptMs = Number.POSITIVE_INFINITY;
    for (let attempt = 0; attempt < 10 && keptMs >= 200; attempt++) {
      const answer = await brokenAnswer("data: 1\n\n");
      await once(answer.socket, "data");
      answer.socket.destroy();
      keptMs = await waitFor(answer.keptMs, { what: "the server notices" });
      answer.stop();
    }
    expect(keptMs).toBeLessThan(200);
  });

  test("is given up when the client takes nothing of it", async () => {
    const { socket, keptMs, stop } = await brokenAnswer("x".repeat(30_000_000));
    socket.pause();
    await waitFor(keptMs, { what: "the server gives up" });
    stop();
  });
});
