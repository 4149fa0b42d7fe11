import { describe, expect, test } from "@jest/globals";
import { defaultLimits, type JsonRpcLimits } from "../../src/jsonrpc/limits.ts";
import { JsonText } from "../../src/jsonrpc/message.ts";
import { createPoolMethods } from "../../src/jsonrpc/methods/pool-methods.ts";
import type { Mempool } from "../../src/mempool/mempool.ts";
import { addressOf, createPool, recovered } from "../mempool/pool-fixture.ts";

const one = "0x0000000000000000000000000000000000000001";
const two = "0x0000000000000000000000000000000000000002";

async function ask(
  pool: Mempool,
  name: string,
  params: readonly unknown[] = [],
  {
    limits = {},
    signal = new AbortController().signal,
  }: { limits?: Partial<JsonRpcLimits>; signal?: AbortSignal } = {},
): Promise<unknown> {
  const methods = createPoolMethods({ mempool: pool }, { ...defaultLimits, ...limits });
  const answer = await methods[name]?.call(params, { signal, connection: undefined });
  return answer instanceof JsonText ? JSON.parse(answer.text) : answer;
}

describe("the pool", () => {
  test("is shown by sender and nonce, as far as the limit goes", async () => {
    const { pool } = createPool();
    for (const nonce of [0, 1, 3]) pool.add(recovered(0, nonce));
    pool.add(recovered(1, 7, { to: undefined, gasLimit: 60_000n }));
    const line = "0x00000000000000000000000000000000000000AA: 1 wei + 21000 gas × 100 wei";
    expect(await ask(pool, "txpool_inspect")).toEqual({
      pending: { [one]: { "0": line, "1": line } },
      queued: { [one]: { "3": line }, [two]: { "7": "contract creation: 1 wei + 60000 gas × 100 wei" } },
    });
    const { queued } = (await ask(pool, "txpool_inspect", [], { limits: { poolContentMax: 3 } })) as { queued: object };
    expect(Object.keys(queued)).toEqual([one]);
    const content = { queued: { "7": { nonce: "0x7", from: two, blockHash: null } } };
    expect(await ask(pool, "txpool_content")).toMatchObject({ queued: { [two]: content.queued } });
    expect(await ask(pool, "txpool_contentFrom", [addressOf(1)])).toMatchObject({ ...content, pending: {} });
    expect(await ask(pool, "txpool_contentFrom", [addressOf(5)])).toEqual({ pending: {}, queued: {} });
  });

  const full = (): Mempool => {
    const { pool } = createPool({ transactionsMax: 5_000, bytesMax: 100_000_000 });
    const data = new Uint8Array(2_000);
    for (let sender = 0; sender < 50; sender++) {
      for (let nonce = 0; nonce < 40; nonce++) pool.add(recovered(sender, nonce, { data, gasLimit: 100_000n }));
    }
    return pool;
  };

  test("is shown in steps, between which others have their turn", async () => {
    const pool = full();
    let turns = 0;
    const turn = (): void => {
      turns++;
      next = setImmediate(turn);
    };
    let next = setImmediate(turn);
    const { pending } = (await ask(pool, "txpool_content")) as { pending: Record<string, object> };
    clearImmediate(next);
    expect(Object.values(pending).flatMap(Object.keys)).toHaveLength(2_000);
    // Nine million characters.
    expect(turns).toBeGreaterThan(20);
  });

  test("is not shown any further when the answer is too large, or nobody waits for it", async () => {
    const pool = full();
    await expect(ask(pool, "txpool_content", [], { limits: { responseLengthMax: 1_000_000 } })).rejects.toMatchObject({
      code: "RESPONSE_TOO_LARGE",
    });
    const gone = new AbortController();
    const asked = ask(pool, "txpool_content", [], { signal: gone.signal });
    gone.abort(new Error("gone"));
    await expect(asked).rejects.toThrow("gone");
  });
});
