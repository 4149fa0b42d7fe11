import { afterAll, beforeAll, beforeEach, expect, test } from "@jest/globals";
import type { Database } from "@koinon/postgres/database";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { startTestPostgres, type TestPostgres } from "@koinon/testkit/postgres";
import { AnchorError } from "../../src/anchor/anchor-error.ts";
import { AnchorLookup } from "../../src/anchor/anchor-lookup.ts";
import type { ChainBlock } from "../../src/anchor/chain.ts";
import { poiMigrations } from "../../src/migrations.ts";
import { saveAnchor } from "../../src/store/anchor-store.ts";
import { insertCheckpoint } from "../../src/store/checkpoint-store.ts";

const place = { chainId: 1n, registry: `0x${"c0".repeat(20)}` } as const;
const signal = new AbortController().signal;
const hashOf = (number: bigint): Hex => `0x${number.toString(16).padStart(64, "0")}`;

let postgres: TestPostgres;
let database: Database;
const clock = {
  atMs: 0,
  now(): number {
    return this.atMs;
  },
};
/** Blocks that were asked for. */
let asked: Hex[];
/** What the chain answers; throws when it is away. */
let answer: (hash: Hex) => Promise<ChainBlock | undefined>;

beforeAll(async () => {
  postgres = await startTestPostgres();
  database = (await postgres.database([poiMigrations])).open({ schema: "poi", applicationName: "test" });
  const checkpoint = { root: new Uint8Array(32), note: "origin\n5\nAAAA\n\n— name AAAAAA==\n", signedAtMs: 0 };
  await insertCheckpoint(database, { ...checkpoint, size: 5n }, "poi_published");
  const proof = { account: [], slots: [[], []] };
  const anchor = { size: 5n, blockNumber: 1_000n, blockHash: hashOf(1_000n), header: Uint8Array.of(0xc0), proof };
  await saveAnchor(database, place, anchor, { atMs: 0, channel: "poi_published" });
});
afterAll(async () => {
  await database.close();
  await postgres.stop();
});
beforeEach(() => {
  asked = [];
  clock.atMs = 1_000_000;
});

const rlp = Uint8Array.of(0xc0);
const straight = async (hash: Hex): Promise<ChainBlock | undefined> => {
  const number = BigInt(hash);
  if (number === 0n || number > 100_000n) return undefined;
  return { number, hash, parentHash: hashOf(number - 1n), stateRoot: hash, baseFeePerGas: 0n, rlp };
};

function lookupOf(chain: typeof answer): AnchorLookup {
  answer = chain;
  return new AnchorLookup(place, {
    database,
    clock,
    chain: {
      block: async (which) => {
        asked.push(which as Hex);
        return await answer(which as Hex);
      },
    },
  });
}

const find = async (lookup: AnchorLookup, ...numbers: readonly bigint[]) =>
  (await lookup.find(4n, { blocks: numbers.map((number) => hexToBytes(hashOf(number))), required: false }, signal))
    ?.headers.length;

test("links the anchor's block to blocks at most 255 later, asking for each block once", async () => {
  const lookup = lookupOf(straight);
  expect(await find(lookup, 1_000n)).toBe(1);
  expect(asked).toEqual([]);
  expect(await find(lookup, 1_001n)).toBe(2);
  expect(await find(lookup, 1_255n)).toBe(256);
  expect(await find(lookup, 1_256n)).toBeUndefined();
  expect(await find(lookup, 999n)).toBeUndefined();
  expect(await find(lookup, 5_000n, 1_002n)).toBe(3);
  expect(new Set(asked).size).toBe(asked.length);
});

test("a block that does not descend from the anchor's shows nothing of it", async () => {
  const forked = lookupOf(async (hash) => {
    const block = await straight(hash);
    return block?.number === 1_005n ? { ...block, parentHash: `0x${"f".repeat(60)}03ec` } : block;
  });
  expect(await find(forked, 1_010n)).toBeUndefined();
  expect(await find(forked, 1_004n)).toBe(5);
});

test("a chain that is away, or does not know a block, is left alone for a while", async () => {
  const away = lookupOf(async () => {
    throw new AnchorError({ code: "CHAIN_UNREACHABLE", method: "m", reason: "r" });
  });
  expect(await find(away, 1_001n, 1_002n)).toBeUndefined();
  expect(await find(away, 1_001n, 1_002n)).toBeUndefined();
  expect(asked).toHaveLength(1);
  expect(await find(away, 1_000n)).toBe(1);
  answer = straight;
  clock.atMs += 5_000;
  expect(await find(away, 1_001n)).toBe(2);

  const lookup = lookupOf(straight);
  asked = [];
  expect(await find(lookup, 200_000n)).toBeUndefined();
  expect(await find(lookup, 200_000n)).toBeUndefined();
  expect(asked).toHaveLength(1);
  clock.atMs += 5_000;
  await find(lookup, 200_000n);
  expect(asked).toHaveLength(2);
});

test("faults of another kind are not hidden", async () => {
  const broken = lookupOf(async () => {
    throw new TypeError("a bug");
  });
  await expect(find(broken, 1_001n)).rejects.toThrow("a bug");
});
