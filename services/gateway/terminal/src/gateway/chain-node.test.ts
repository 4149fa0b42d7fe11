import { describe, expect, test } from "@jest/globals";
import { ChainNode } from "./chain-node.ts";

const rpc = "http://127.0.0.1:8545";
const [block, other] = [`0x${"b1".repeat(32)}`, `0x${"b2".repeat(32)}`];

/** A node whose chain has one block at height 9, finalized up to a height. */
function nodeWith({ finalized, standing = block }: { finalized: string | null; standing?: string }) {
  const asked: string[] = [];
  const answers: Record<string, object | null> = {
    [block]: { number: "0x9", hash: block },
    "0x9": { number: "0x9", hash: standing },
    finalized: finalized === null ? null : { number: finalized, hash: other },
  };
  const node = new ChainNode({
    address: async () => rpc,
    fetch: async (url, { body }) => {
      const { method, params } = JSON.parse(body as string) as { method: string; params: [string] };
      asked.push(`${url} ${method} ${params[0]}`);
      return Response.json({ jsonrpc: "2.0", id: 1, result: answers[params[0]] ?? null });
    },
  });
  return { node, asked };
}

describe("a node of the chain", () => {
  test("says that a block is final, and is not asked for it again", async () => {
    const { node, asked } = nodeWith({ finalized: "0x9" });
    expect(await node.ask(block)).toEqual({ kind: "finalized", number: 9n, rpc });
    const questions = asked.length;
    expect(await node.ask(block)).toEqual({ kind: "finalized", number: 9n, rpc });
    expect(asked).toHaveLength(questions);
  });

  test.each([
    ["it does not have", { finalized: "0x9" }, other],
    ["it has not finalized", { finalized: "0x8" }, block],
    ["that was undone", { finalized: "0x9", standing: other }, block],
    ["while nothing is final", { finalized: null }, block],
  ])("does not vouch for a block %s", async (_what, chain, hash) => {
    expect(await nodeWith(chain).node.ask(hash)).toEqual({ kind: "unknown", rpc });
  });

  test.each([
    ["does not answer", () => Promise.reject(new TypeError("fetch failed"))],
    ["refuses", async () => Response.json({ jsonrpc: "2.0", id: 1, error: { code: -32_601, message: "no" } })],
    ["is something else", async () => new Response("<html>")],
  ])("that %s is unreachable", async (_what, fetch) => {
    const node = new ChainNode({ address: async () => rpc, fetch });
    expect([await node.ask(block), await node.isReachable()]).toEqual([{ kind: "unreachable" }, false]);
  });

  test("that nobody names is unreachable, until it is named", async () => {
    let address: string | null = null;
    const { node } = nodeWith({ finalized: "0x9" });
    const late = new ChainNode({ address: async () => address, fetch: async () => Response.json({ result: null }) });
    expect([await late.isReachable(), (await late.ask(block)).kind]).toEqual([false, "unreachable"]);
    address = rpc;
    expect((await late.ask(block)).kind).toBe("unknown");
    expect(await node.isReachable()).toBe(true);
  });
});
