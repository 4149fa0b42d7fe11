import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "@jest/globals";
import { Chain } from "./chain.ts";
import { quantity } from "./chain-values.ts";
import { JsonRpc } from "./json-rpc.ts";

type Answer = (request: IncomingMessage, response: ServerResponse, body: string) => void;

const signal = new AbortController().signal;
const closers: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

/** A node that answers as it is told, one answer a call, the last one for ever. */
async function nodeOf(...answers: readonly Answer[]): Promise<{ url: string; seen: IncomingMessage[] }> {
  const seen: IncomingMessage[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += String(chunk);
    seen.push(request);
    answers[Math.min(seen.length, answers.length) - 1]?.(request, response, body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  closers.push(
    () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  );
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen };
}

function rpcOf(url: string, options: { timeoutMs?: number; attemptsMax?: number } = {}): JsonRpc {
  const rpc = new JsonRpc({ url, timeoutMs: 1_000, attemptsMax: 2, ...options });
  closers.unshift(() => rpc.close());
  return rpc;
}

const say =
  (value: object, status = 200): Answer =>
  (_request, response) => {
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify({ jsonrpc: "2.0", id: 1, ...value }));
  };
const hangUp: Answer = (request) => void request.destroy();

describe("json-rpc", () => {
  test("asks in JSON-RPC 2.0, on the path and with the credentials of the URL", async () => {
    const bodies: string[] = [];
    const { url, seen } = await nodeOf((request, response, body) => {
      bodies.push(body);
      say({ result: "0x2a" })(request, response, body);
    });
    const rpc = rpcOf(url.replace("//", "//user:pass%21@").concat("/v3/key?x=1"));
    expect(await rpc.call("eth_chainId", [], quantity, signal)).toBe(42n);
    expect(seen[0]).toMatchObject({ method: "POST", url: "/v3/key?x=1" });
    expect(seen[0]?.headers.authorization).toBe(`Basic ${Buffer.from("user:pass!").toString("base64")}`);
    expect(JSON.parse(bodies[0] ?? "")).toEqual({ jsonrpc: "2.0", id: 1, method: "eth_chainId", params: [] });
  });

  test("asks again while nobody answers, and not when the node refuses", async () => {
    const flaky = await nodeOf(hangUp, say({ result: "0x1" }));
    expect(await rpcOf(flaky.url).call("m", [], quantity, signal)).toBe(1n);
    const away = await nodeOf(hangUp);
    await expect(rpcOf(away.url).call("m", [], quantity, signal)).rejects.toThrow("CHAIN_UNREACHABLE");
    expect(away.seen).toHaveLength(2);
    const error = { code: -32_000, message: "nonce too low" };
    for (const status of [200, 400]) {
      const refusing = await nodeOf(say({ error }, status));
      const refused = rpcOf(refusing.url).call("m", [], quantity, signal);
      await expect(refused).rejects.toMatchObject({ fault: { code: "CHAIN_REFUSED", reason: "nonce too low" } });
      expect(refusing.seen).toHaveLength(1);
    }
  });

  test("what is no answer, late or endless is a fault that says nothing of the URL", async () => {
    const silent: Answer = () => undefined;
    const cases: readonly (readonly [Answer, string])[] = [
      [say({}, 502), "CHAIN_UNREACHABLE"],
      [(_request, response) => void response.end("<html>"), "CHAIN_UNREACHABLE"],
      [(_request, response) => void response.end("{"), "CHAIN_REPLY_MALFORMED"],
      [say({ result: "12" }), "CHAIN_REPLY_MALFORMED"],
      [say({ result: null }), "CHAIN_REPLY_MALFORMED"],
      [say({ error: "no" }), "CHAIN_REPLY_MALFORMED"],
      [silent, "no answer in 100 ms"],
      [say({ result: `0x${"00".repeat(3 * 1024 * 1024)}` }), "answer of more than"],
    ];
    for (const [answer, reason] of cases) {
      const { url } = await nodeOf(answer);
      const timeoutMs = answer === silent ? 100 : 10_000;
      const failed = rpcOf(`${url}/secret`, { timeoutMs, attemptsMax: 1 }).call("m", [], quantity, signal);
      const error = await failed.then(
        () => new Error("answered"),
        (thrown: Error) => thrown,
      );
      expect(error.message).toContain(reason);
      expect(error.message).not.toContain("secret");
    }
  });

  test("ends with its signal", async () => {
    const { url } = await nodeOf(() => undefined);
    const ending = new AbortController();
    const call = rpcOf(url).call("m", [], quantity, ending.signal);
    ending.abort(new Error("stopping"));
    await expect(call).rejects.toThrow("stopping");
  });

  test("a header that does not hash to what the node says is refused", async () => {
    const hash = `0x${"ab".repeat(32)}`;
    const names = ["parentHash", "sha3Uncles", "stateRoot", "transactionsRoot", "receiptsRoot", "mixHash"];
    const hashes = Object.fromEntries(
      [...names, "withdrawalsRoot", "parentBeaconBlockRoot"].map((name) => [name, hash]),
    );
    const numbers = ["difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed"];
    const quantities = Object.fromEntries([...numbers, "excessBlobGas"].map((name) => [name, "0x1"]));
    const rest = { miner: `0x${"cd".repeat(20)}`, logsBloom: `0x${"00".repeat(256)}`, nonce: `0x${"00".repeat(8)}` };
    const block = { hash, ...hashes, ...quantities, ...rest, extraData: "0x" };
    const chain = new Chain({ rpc: rpcOf((await nodeOf(say({ result: block }))).url) });
    await expect(chain.block("latest", signal)).rejects.toThrow("does not hash");
    const none = new Chain({ rpc: rpcOf((await nodeOf(say({ result: null }))).url) });
    expect(await none.block(7n, signal)).toBeUndefined();
  });
});
