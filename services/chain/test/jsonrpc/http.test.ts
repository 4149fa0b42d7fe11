import http from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { type OwnNode, startOwnNode } from "../clients/own-node.ts";
import { call, post } from "./rpc-client.ts";

let node: OwnNode;
const chainId = JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_chainId" });

beforeAll(async () => {
  node = await startOwnNode({
    policy: { corsOrigins: ["https://wallet.example"], hosts: ["shard.example"] },
    limits: { bodyBytesMax: 10_000, batchMax: 10 },
  });
});
afterAll(() => node.stop());

/** A request whose Host header is not the address. */
function statusFor(host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { host, "content-type": "application/json" };
    const sent = http.request(node.http, { method: "POST", headers }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    });
    sent.on("error", reject);
    sent.end(chainId);
  });
}

describe("JSON-RPC over HTTP", () => {
  test("says to balancers that it is there", async () => {
    const answer = await fetch(node.http);
    expect([answer.status, await answer.text()]).toEqual([200, ""]);
  });

  test("answers on any path", async () => {
    expect(await call(node.http, "eth_chainId")).toEqual({ jsonrpc: "2.0", id: 1, result: "0x7a69" });
    expect((await post(`${node.http}/v1/abc`, chainId)).status).toBe(200);
  });

  test("says nothing to notifications", async () => {
    const answer = await post(node.http, JSON.stringify({ jsonrpc: "2.0", method: "eth_chainId" }));
    expect(answer).toMatchObject({ status: 204, text: "" });
  });

  test("lets the pages of listed origins call, and no others", async () => {
    const preflight = (origin: string) => fetch(node.http, { method: "OPTIONS", headers: { origin } });
    const welcome = await preflight("https://wallet.example");
    expect(welcome.status).toBe(204);
    expect(welcome.headers.get("access-control-allow-origin")).toBe("https://wallet.example");
    expect(welcome.headers.get("access-control-allow-headers")).toBe("content-type");
    expect((await preflight("https://elsewhere.example")).headers.get("access-control-allow-origin")).toBeNull();
  });

  test("refuses what a page could post without being asked", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      expect((await post(node.http, chainId, { "content-type": type })).status).toBe(415);
    }
  });

  test("refuses names that are not its own", async () => {
    expect(await statusFor("rebound.example")).toBe(403);
    expect(await statusFor("localhost.rebound.example:8545")).toBe(403);
    for (const host of ["localhost:8545", "127.0.0.1:1", "[::1]:8545", "shard.example", "SHARD.example:80"]) {
      expect(await statusFor(host)).toBe(200);
    }
  });

  test("refuses a body beyond the bound before it reads it", async () => {
    const exact = chainId.padEnd(10_000, " ");
    expect((await post(node.http, exact)).status).toBe(200);
    const answer = await post(node.http, `${exact} `);
    expect(answer.status).toBe(413);
    expect(JSON.parse(answer.text).error.code).toBe(-32600);
  });

  test("has no subscriptions", async () => {
    const { error } = await call(node.http, "eth_subscribe", "newHeads");
    expect(error).toEqual({ code: -32601, message: "notifications not supported" });
  });
});
