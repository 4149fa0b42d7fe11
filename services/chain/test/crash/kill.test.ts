import { setTimeout as delay } from "node:timers/promises";
import { expect, test } from "@jest/globals";
import type { Hex } from "@koinon/secp256k1/hex";
import { startChild } from "@koinon/testkit/child-process";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { temporaryFolder } from "@koinon/testkit/temporary-folder";
import { openChain } from "../../src/chain.ts";
import { chainOptions } from "../chain/chain-fixture.ts";

/** KOINON_CRASHES=100 is what a release wants. */
const rounds = Number(process.env.KOINON_CRASHES ?? 20);
const main = new URL("./loaded-chain-main.ts", import.meta.url).pathname;

interface ToldBlock {
  readonly number: bigint;
  readonly hash: Hex;
  readonly transactions: number;
}

test(
  `killed ${rounds} times under load, the chain has every block that it told of`,
  async () => {
    const folder = await temporaryFolder("koinon-crash-");
    const random = new SeededRandom(`kill ${rounds}`);
    const told: ToldBlock[] = [];
    try {
      for (let round = 0; round < rounds; round++) {
        const child = await startChild({
          command: process.execPath,
          args: ["--no-warnings", main, folder.path],
          // Under load: a block with transactions in it.
          ready: /^block \d+ \S+ \S+ [1-9]/,
        });
        await delay(random.integer(250));
        await child.kill();
        told.push(...toldBlocks(child.stdoutLines));
        await expectWhole(folder.path, told, round);
      }
      expect(told.length).toBeGreaterThanOrEqual(rounds);
      expect(told.reduce((sum, { transactions }) => sum + transactions, 0)).toBeGreaterThanOrEqual(rounds);
    } finally {
      await folder.remove();
    }
  },
  rounds * 10_000,
);

function toldBlocks(lines: readonly string[]): ToldBlock[] {
  return lines.flatMap((line) => {
    const [, number, hash, , count] = /^block (\d+) (0x\w{64}) (0x\w{64}) (\d+)$/.exec(line) ?? [];
    if (number === undefined || hash === undefined) return [];
    return [{ number: BigInt(number), hash: hash as Hex, transactions: Number(count) }];
  });
}

/** Opens the chain and compares it with what was told: hashes, transactions, receipts, and the whole state with its root. */
async function expectWhole(path: string, told: readonly ToldBlock[], round: number): Promise<void> {
  const chain = await openChain(chainOptions(path), {
    clock: { now: () => 0 },
    random: new SeededRandom(0),
    workerLost: () => undefined,
    callThreadLost: () => undefined,
  });
  const { reader } = chain.view;
  try {
    for (const { number, hash } of told)
      expect([round, number, reader.header(number)?.hash]).toEqual([round, number, hash]);
    const head = reader.head();
    expect([round, head.header.number >= (told.at(-1)?.number ?? 0n)]).toEqual([round, true]);
    expect([round, chain.store.state.head?.root]).toEqual([round, head.header.stateRoot]);
    chain.store.state.verify();
    for (let number = head.header.number; number > head.header.number - 3n && number > 0n; number--) {
      const block = reader.block(number);
      expect([round, block?.header.parentHash]).toEqual([round, reader.header(number - 1n)?.hash]);
      expect(block?.transactions).toHaveLength(block?.transactionCount ?? -1);
      for (const { hash } of block?.transactions ?? []) {
        expect([round, reader.receipt(hash)?.place.block.hash]).toEqual([round, block?.hash]);
      }
    }
  } finally {
    await chain.close();
  }
}
