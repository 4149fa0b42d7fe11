import { describe, expect, test } from "@jest/globals";
import type { Transaction } from "@koinon/ethereum/transaction";
import { signAuthorization } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import type { Mempool } from "../../src/mempool/mempool.ts";
import { type MempoolRejection, rejectionMessage } from "../../src/mempool/rejection.ts";
import { signerOf } from "../sample-transactions.ts";
import { addressOf, createPool, nextBlock, recovered, verdict } from "./pool-fixture.ts";

function messageOf(outcome: ReturnType<Mempool["add"]>): string {
  return "rejection" in outcome ? rejectionMessage(outcome.rejection) : "";
}

function nonces(pool: Mempool, sender: number): { pending: bigint[]; queued: bigint[] } {
  const queue = pool.queueOf(addressOf(sender));
  const list = (entries: readonly { nonce: bigint }[] = []) => entries.map(({ nonce }) => nonce);
  return { pending: list(queue?.pendingEntries()), queued: list(queue?.queuedEntries()) };
}

function order(pool: Mempool): [Address, bigint][] {
  const selection = pool.select();
  const taken: [Address, bigint][] = [];
  for (let best = selection.peek(); best !== undefined; best = selection.peek()) {
    taken.push([best.sender, best.nonce]);
    selection.accept();
  }
  return taken;
}

describe("what is refused, in go-ethereum's words", () => {
  const tooPoor = 10n ** 18n;
  test.each<[string, Partial<Transaction> & { bytes?: number }, string]>([
    ["another chain", { chainId: 5n }, "invalid sender: invalid chain id for signer: have 5 want 31337"],
    ["too little gas", { gasLimit: 20_999n }, "intrinsic gas too low: gas 20999, minimum needed 21000"],
    [
      "more gas than EIP-7825 allows",
      { gasLimit: 16_777_217n },
      "transaction gas limit too high (cap: 16777216, tx: 16777217)",
    ],
    [
      "a tip above the cap",
      { maxPriorityFeePerGas: 101n },
      "max priority fee per gas higher than max fee per gas: maxPriorityFeePerGas: 101, maxFeePerGas: 100",
    ],
    [
      "a tip below the minimum",
      { maxPriorityFeePerGas: 1n },
      "transaction gas price below minimum: gas tip cap 1, minimum needed 2",
    ],
    [
      "a fee below the base fee",
      { maxFeePerGas: 9n },
      `max fee per gas less than block base fee: address ${addressOf(0)}, maxFeePerGas: 9, baseFee: 10`,
    ],
    [
      "more than the sender has",
      { value: tooPoor },
      "insufficient funds for gas * price + value: balance 1000000000000000000, tx cost 1000000000002100000, overshot 2100000",
    ],
    ["too many bytes", { bytes: 131_073 }, "oversized data: transaction size 131073, limit 131072"],
    [
      "a blob transaction",
      { type: 3, maxFeePerBlobGas: 1n, blobVersionedHashes: [] },
      "transaction type not supported: this chain takes no blob transactions",
    ],
    ["no authorizations", { type: 4, authorizationList: [] }, "set code tx must have at least one authorization tuple"],
    [
      "no replay protection",
      { type: 0, chainId: undefined, gasPrice: 100n },
      "only replay-protected (EIP-155) transactions allowed over RPC",
    ],
    ["the last nonce", { nonce: 2n ** 64n - 1n }, "nonce has max value"],
    [
      "too much init code",
      { to: undefined, data: new Uint8Array(49_153), gasLimit: 5_000_000n },
      "max initcode size exceeded: code size 49153, limit 49152",
    ],
    [
      "gas below the floor of its data",
      { data: new Uint8Array(100).fill(1), gasLimit: 24_999n },
      "insufficient gas for floor data gas cost: gas 24999, minimum needed 25000",
    ],
  ])("%s", (_name, changes, message) => {
    const next = { ...nextBlock, gasLimit: 17_000_000n };
    const { pool } = createPool({ minTip: 2n, refuseBelowBaseFee: true, allowUnprotected: false }, next);
    expect(messageOf(pool.add(recovered(0, 0, changes)))).toBe(message);
    expect(pool.status()).toEqual({ pending: 0, queued: 0, bytes: 0 });
  });

  test("more gas than a block has", () => {
    const { pool } = createPool({}, { ...nextBlock, gasLimit: 1_000_000n });
    expect(messageOf(pool.add(recovered(0, 0, { gasLimit: 1_000_001n })))).toBe("exceeds block gas limit");
    expect(verdict(pool.add(recovered(0, 0, { gasLimit: 1_000_000n })))).toBe("pending");
  });

  test("what is known, used, badly paid or not affordable on top of the rest", () => {
    const { pool, setAccount } = createPool();
    setAccount(0, { nonce: 3n, balance: 5_000_000n });
    pool.add(recovered(0, 3));
    expect(messageOf(pool.add(recovered(0, 3)))).toBe("already known");
    expect(messageOf(pool.add(recovered(0, 2)))).toBe("nonce too low: next nonce 3, tx nonce 2");
    expect(messageOf(pool.add(recovered(0, 3, { maxFeePerGas: 109n, maxPriorityFeePerGas: 6n })))).toBe(
      "replacement transaction underpriced",
    );
    expect(messageOf(pool.add(recovered(0, 4, { maxFeePerGas: 150n })))).toBe(
      "insufficient funds for gas * price + value: balance 5000000, queued cost 2100001, tx cost 3150001, overshot 250002",
    );
    expect(
      messageOf(pool.add(recovered(0, 3, { maxFeePerGas: 200n, value: 1_000_000n, maxPriorityFeePerGas: 9n }))),
    ).toBe("insufficient funds for gas * price + value: balance 5000000, tx cost 5200000, overshot 200000");
    pool.add(recovered(0, 4));
    expect(messageOf(pool.add(recovered(0, 4, { maxFeePerGas: 150n, maxPriorityFeePerGas: 9n })))).toBe(
      "insufficient funds for gas * price + value: balance 5000000, queued cost 4200002, tx bumped 1050000, overshot 250002",
    );
  });

  test("every rejection has words", () => {
    const rest: MempoolRejection[] = [
      { code: "TYPE_NOT_ACTIVE", type: 4 },
      { code: "COST_OVERFLOW" },
      { code: "BLOB_HASHES_MISSING" },
      { code: "BLOB_HASH_VERSION_UNKNOWN" },
      { code: "SENDER_LIMIT_REACHED", transactions: 5 },
      { code: "UNDERPRICED" },
      { code: "FUTURE_REPLACES_PENDING" },
    ];
    expect(rest.map(rejectionMessage).filter((message) => message.length < 10)).toEqual([]);
    expect(rejectionMessage({ code: "UNDERPRICED" })).toBe("transaction underpriced");
  });
});

describe("nonce order", () => {
  test("a gap queues what is behind it and its filler lets it go", () => {
    const { pool } = createPool();
    const announced: bigint[] = [];
    pool.subscribe({ pending: ({ nonce }) => announced.push(nonce) });
    expect([2, 1, 4].map((nonce) => verdict(pool.add(recovered(0, nonce))))).toEqual(["queued", "queued", "queued"]);
    expect(pool.nextNonce(addressOf(0))).toBe(0n);
    expect(verdict(pool.add(recovered(0, 0)))).toBe("pending");
    expect(nonces(pool, 0)).toEqual({ pending: [0n, 1n, 2n], queued: [4n] });
    expect(pool.nextNonce(addressOf(0))).toBe(3n);
    expect(announced).toEqual([0n, 1n, 2n]);
    expect(pool.status()).toMatchObject({ pending: 3, queued: 1 });
  });

  test("a replacement needs ten percent more of both fees and keeps its followers", () => {
    const { pool } = createPool();
    const first = recovered(0, 0, { maxFeePerGas: 100n, maxPriorityFeePerGas: 10n });
    pool.add(first);
    pool.add(recovered(0, 1));
    const bump = (maxFeePerGas: bigint, maxPriorityFeePerGas: bigint) =>
      pool.add(recovered(0, 0, { maxFeePerGas, maxPriorityFeePerGas }));
    expect([bump(109n, 11n), bump(110n, 10n), bump(200n, 10n)].map(verdict)).toEqual(
      Array(3).fill("REPLACEMENT_UNDERPRICED"),
    );
    expect(bump(110n, 11n)).toEqual({ isPending: true, replaced: first.hash });
    expect(pool.get(first.hash)).toBeUndefined();
    expect(nonces(pool, 0).pending).toEqual([0n, 1n]);
  });

  test("a price of one wei is replaced by two, not by one", () => {
    const { pool } = createPool();
    pool.add(recovered(0, 0, { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n }));
    expect(verdict(pool.add(recovered(0, 0, { maxFeePerGas: 1n, maxPriorityFeePerGas: 1n, value: 2n })))).toBe(
      "REPLACEMENT_UNDERPRICED",
    );
    expect(verdict(pool.add(recovered(0, 0, { maxFeePerGas: 2n, maxPriorityFeePerGas: 2n })))).toBe("pending");
  });
});

describe("following the chain", () => {
  test("included transactions leave, others stay in line", () => {
    const { pool, setAccount } = createPool();
    const removed: string[] = [];
    pool.subscribe({ removed: ({ nonce }, reason) => removed.push(`${nonce} ${reason}`) });
    for (const nonce of [0, 1, 2, 5]) pool.add(recovered(0, nonce));
    setAccount(0, { nonce: 2n });
    pool.advance(nextBlock, [addressOf(0), addressOf(9)]);
    expect(nonces(pool, 0)).toEqual({ pending: [2n], queued: [5n] });
    expect(removed).toEqual(["0 used-nonce-or-funds", "1 used-nonce-or-funds"]);
  });

  test("a sender that got poor loses what it can not pay at all; the rest waits", () => {
    const { pool, setAccount } = createPool();
    pool.add(recovered(0, 0));
    pool.add(recovered(0, 1));
    pool.add(recovered(0, 2, { maxFeePerGas: 300n }));
    setAccount(0, { balance: 3_000_000n });
    pool.advance(nextBlock, [addressOf(0)]);
    expect(nonces(pool, 0)).toEqual({ pending: [0n], queued: [1n] });
    setAccount(0, { balance: 10_000_000n });
    pool.advance(nextBlock, [addressOf(0)]);
    expect(nonces(pool, 0)).toEqual({ pending: [0n, 1n], queued: [] });
  });

  test("an undone block's transactions come back before those that were behind them", () => {
    const { pool, setAccount } = createPool();
    const mined = [recovered(0, 0), recovered(0, 1), recovered(1, 0)];
    setAccount(0, { nonce: 2n });
    setAccount(1, { nonce: 1n });
    pool.add(recovered(0, 2));
    setAccount(0, { nonce: 0n });
    setAccount(1, { nonce: 0n });
    pool.advance(nextBlock, [addressOf(0), addressOf(1)]);
    expect(nonces(pool, 0)).toEqual({ pending: [], queued: [2n] });
    expect(pool.giveBack([...mined].reverse())).toBe(3);
    expect(nonces(pool, 0)).toEqual({ pending: [0n, 1n, 2n], queued: [] });
    expect(pool.status()).toMatchObject({ pending: 4, queued: 0 });
  });

  test("a lower gas limit and a new fork rule out what they rule out", () => {
    const { pool } = createPool({}, { ...nextBlock, fork: "prague" });
    pool.add(recovered(0, 0, { gasLimit: 17_000_000n }));
    pool.add(recovered(0, 1, { gasLimit: 16_000_000n }));
    pool.advance(nextBlock, []);
    expect(nonces(pool, 0)).toEqual({ pending: [], queued: [1n] });
    pool.advance({ ...nextBlock, gasLimit: 15_000_000n }, []);
    expect(pool.status()).toEqual({ pending: 0, queued: 0, bytes: 0 });
    expect([...pool.senders()]).toEqual([]);
  });

  test("queued transactions grow too old, pending ones do not", () => {
    const { pool, clock } = createPool({ queuedLifetimeMs: 1_000 });
    pool.add(recovered(0, 0));
    pool.add(recovered(0, 2));
    clock.nowMs += 1_000;
    pool.expire();
    expect(pool.status()).toMatchObject({ pending: 1, queued: 1 });
    clock.nowMs += 1;
    pool.expire();
    expect(pool.status()).toMatchObject({ pending: 1, queued: 0 });
  });
});

describe("a block's order", () => {
  test("is by effective tip, each sender's by nonce, equals by arrival", () => {
    const { pool } = createPool();
    pool.add(recovered(0, 0, { maxPriorityFeePerGas: 5n }));
    pool.add(recovered(0, 1, { maxPriorityFeePerGas: 50n }));
    pool.add(recovered(1, 0, { maxPriorityFeePerGas: 5n }));
    // The base fee is 10: this one's tip is 8, whatever it offers.
    pool.add(recovered(2, 0, { maxFeePerGas: 18n, maxPriorityFeePerGas: 18n }));
    pool.add(recovered(3, 0, { maxFeePerGas: 9n, maxPriorityFeePerGas: 9n }));
    const expected: [number, bigint][] = [
      [2, 0n],
      [0, 0n],
      [0, 1n],
      [1, 0n],
    ];
    expect(order(pool)).toEqual(expected.map(([sender, nonce]) => [addressOf(sender), nonce]));
  });

  test("leaves out a dismissed sender, and what left the pool meanwhile", () => {
    const { pool } = createPool();
    const gone = recovered(1, 0, { maxPriorityFeePerGas: 8n });
    pool.add(recovered(0, 0, { maxPriorityFeePerGas: 9n }));
    pool.add(recovered(0, 1, { maxPriorityFeePerGas: 9n }));
    pool.add(gone);
    pool.add(recovered(2, 0, { maxPriorityFeePerGas: 7n }));
    const selection = pool.select();
    expect(selection.peek()?.sender).toBe(addressOf(0));
    selection.dismiss();
    pool.withdraw(gone.hash);
    expect(selection.peek()?.sender).toBe(addressOf(2));
    selection.accept();
    expect(selection.peek()).toBeUndefined();
  });
});

describe("a selection under way", () => {
  test("gives a replacement in its own place, and goes on behind it", () => {
    const { pool } = createPool();
    pool.add(recovered(0, 0, { maxPriorityFeePerGas: 20n }));
    pool.add(recovered(0, 1));
    pool.add(recovered(1, 0, { maxPriorityFeePerGas: 10n }));
    const selection = pool.select();
    expect(selection.peek()?.sender).toBe(addressOf(0));
    selection.accept();
    expect(selection.peek()?.sender).toBe(addressOf(1));
    const better = recovered(1, 0, { maxFeePerGas: 200n, maxPriorityFeePerGas: 15n });
    pool.add(better);
    expect(selection.peek()?.hash).toBe(better.hash);
    selection.accept();
    expect(selection.peek()?.nonce).toBe(1n);
  });

  test("knows nothing of nonces that a new head has used up", () => {
    const { pool, setAccount } = createPool();
    for (const nonce of [0, 1, 2]) pool.add(recovered(0, nonce));
    const selection = pool.select();
    setAccount(0, { nonce: 1n });
    pool.advance(nextBlock, [addressOf(0)]);
    expect(selection.peek()).toBeUndefined();
  });

  test("follows the base fee that it is given", () => {
    const { pool } = createPool();
    pool.add(recovered(0, 0, { maxFeePerGas: 50n }));
    expect(pool.select(51n).peek()).toBeUndefined();
    expect(pool.select(50n).peek()).toBeDefined();
  });
});

describe("a full pool", () => {
  test("gives up the worst line's end for something better, and nothing for something worse", () => {
    const { pool } = createPool({ transactionsMax: 3 });
    // Its second transaction pays well, but nobody gets at it except through the first.
    pool.add(recovered(0, 0, { maxPriorityFeePerGas: 2n }));
    pool.add(recovered(0, 1, { maxPriorityFeePerGas: 50n }));
    pool.add(recovered(1, 0, { maxPriorityFeePerGas: 3n }));
    expect(messageOf(pool.add(recovered(2, 0, { maxPriorityFeePerGas: 2n })))).toBe("transaction underpriced");
    expect(verdict(pool.add(recovered(2, 0, { maxPriorityFeePerGas: 4n })))).toBe("pending");
    expect(nonces(pool, 0).pending).toEqual([0n]);
    expect(pool.status().pending).toBe(3);
  });

  test("gives up queued before pending, and no pending for a queued one", () => {
    const { pool } = createPool({ transactionsMax: 2 });
    pool.add(recovered(0, 0, { maxPriorityFeePerGas: 2n }));
    pool.add(recovered(1, 5, { maxPriorityFeePerGas: 90n }));
    expect(verdict(pool.add(recovered(2, 0, { maxPriorityFeePerGas: 1n })))).toBe("pending");
    expect(pool.queueOf(addressOf(1))).toBeUndefined();
    expect(messageOf(pool.add(recovered(1, 5, { maxPriorityFeePerGas: 90n })))).toBe(
      "future transaction tries to replace pending",
    );
  });

  test("is bounded in bytes, and makes room for all of a transaction or for none", () => {
    const { pool } = createPool({ bytesMax: 1_000 });
    for (let sender = 0; sender < 5; sender++) {
      pool.add(recovered(sender, 0, { bytes: 200, maxPriorityFeePerGas: BigInt(2 + sender) }));
    }
    // The room for it would have to come from three that pay less; there are only two.
    expect(verdict(pool.add(recovered(8, 0, { bytes: 600, maxPriorityFeePerGas: 4n })))).toBe("UNDERPRICED");
    expect(pool.status()).toEqual({ pending: 5, queued: 0, bytes: 1_000 });
    expect(verdict(pool.add(recovered(8, 0, { bytes: 600, maxPriorityFeePerGas: 5n })))).toBe("pending");
    expect(pool.status()).toEqual({ pending: 3, queued: 0, bytes: 1_000 });
  });

  test("judges by the base fee of the next block", () => {
    const { pool } = createPool({ transactionsMax: 2 });
    pool.add(recovered(0, 0, { maxFeePerGas: 30n, maxPriorityFeePerGas: 20n }));
    pool.add(recovered(1, 0, { maxFeePerGas: 100n, maxPriorityFeePerGas: 10n }));
    pool.advance({ ...nextBlock, baseFeePerGas: 25n }, []);
    expect(verdict(pool.add(recovered(2, 0, { maxFeePerGas: 100n, maxPriorityFeePerGas: 9n })))).toBe("pending");
    expect(pool.queueOf(addressOf(0))).toBeUndefined();
  });
});

describe("delegated accounts (EIP-7702)", () => {
  const authority = signerOf(3);
  const delegation = (sender: number, nonce: number) =>
    recovered(sender, nonce, {
      type: 4,
      gasLimit: 100_000n,
      authorizationList: [signAuthorization({ chainId: 0n, address: addressOf(9), nonce: 0n }, authority)],
    });
  const from = (address: Address, nonce: number, changes: Partial<Transaction> = {}) => ({
    ...recovered(0, nonce, { ...changes, id: "authority" }),
    sender: address,
  });

  test("have one transaction in flight, which may be replaced", () => {
    const { pool, setAccount } = createPool();
    setAccount(0, { hasCode: true });
    expect(messageOf(pool.add(recovered(0, 1)))).toBe("gapped-nonce tx from delegated accounts");
    expect(verdict(pool.add(recovered(0, 0)))).toBe("pending");
    expect(messageOf(pool.add(recovered(0, 1)))).toBe("in-flight transaction limit reached for delegated accounts");
    expect(verdict(pool.add(recovered(0, 0, { maxFeePerGas: 200n, maxPriorityFeePerGas: 10n })))).toBe("pending");
  });

  test("count as delegated while an authorization of theirs waits, and no longer", () => {
    const { pool } = createPool();
    const waiting = delegation(0, 0);
    expect(verdict(pool.add(waiting))).toBe("pending");
    expect(verdict(pool.add(from(authority.address, 0)))).toBe("pending");
    expect(verdict(pool.add(from(authority.address, 1)))).toBe("DELEGATED_IN_FLIGHT_LIMIT");
    pool.withdraw(waiting.hash);
    expect(verdict(pool.add(from(authority.address, 1)))).toBe("pending");
  });

  test("can not be made of accounts with several transactions waiting", () => {
    const { pool } = createPool();
    pool.add(from(authority.address, 0));
    expect(verdict(pool.add(delegation(0, 0)))).toBe("pending");
    const { pool: other } = createPool();
    other.add(from(authority.address, 0));
    other.add(from(authority.address, 5));
    expect(messageOf(other.add(delegation(0, 0)))).toBe("authority already reserved");
  });
});

describe("listeners", () => {
  test("one that left hears nothing more", () => {
    const { pool } = createPool();
    const heard: string[] = [];
    const unsubscribe = pool.subscribe({ pending: ({ sender }) => heard.push(sender) });
    pool.add(recovered(0, 0));
    unsubscribe();
    pool.add(recovered(1, 0));
    expect(heard).toEqual([addressOf(0)]);
  });
});
