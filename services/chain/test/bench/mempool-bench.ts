// Prints what the pool does per second on one thread: `node test/bench/mempool-bench.ts [transactions]`.
import { cpus } from "node:os";
import type { RecoveredTransaction } from "@koinon/ethereum/transaction";
import { recoverAuthority } from "@koinon/ethereum/transaction-signing";
import { Mempool } from "../../src/mempool/mempool.ts";
import { addressOf, nextBlock, poolOptions, recovered } from "../mempool/pool-fixture.ts";

const count = Number(process.argv[2] ?? 100_000);
const senders = 20_000;

function measure(name: string, operations: number, work: () => void): void {
  const before = process.cpuUsage();
  const start = performance.now();
  work();
  const seconds = (performance.now() - start) / 1e3;
  const cpu = process.cpuUsage(before);
  const figures = [operations / seconds, (operations * 1e6) / (cpu.user + cpu.system)];
  const [rate, perCore] = figures.map((figure) => Math.round(figure).toString().padStart(9));
  process.stdout.write(`${name.padEnd(52)} ${rate}/s ${perCore} per core-second\n`);
}

const nonces = new Map<string, bigint>();
const account = (address: string) => ({ nonce: nonces.get(address) ?? 0n, balance: 10n ** 24n, hasCode: false });
const options = { ...poolOptions, transactionsMax: count, bytesMax: 1 << 30, senderTransactionsMax: 4_096 };
const dependencies = { clock: { now: () => 0 }, account, recoverAuthority };
const createPool = (transactionsMax = count): Mempool =>
  new Mempool({ ...options, transactionsMax }, nextBlock, dependencies);
const addAll = (pool: Mempool, transactions: readonly RecoveredTransaction[]): void => {
  for (const transaction of transactions) pool.add(transaction);
};
const make = (from: number, to: number, lines: number, tip: (index: number) => number): RecoveredTransaction[] =>
  Array.from({ length: to - from }, (_, index) =>
    recovered((from + index) % lines, Math.floor((from + index) / lines), {
      maxPriorityFeePerGas: BigInt(tip(from + index)),
    }),
  );
const scattered = (index: number): number => 5 + ((index * 7_919) % 83);

process.stdout.write(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, ${count} transactions\n`);
const spread = make(0, count, senders, scattered);
addAll(createPool(), spread);

const pool = createPool();
measure(`add, ${senders} senders`, count, () => addAll(pool, spread));
measure("select all in order", count, () => {
  const selection = pool.select();
  while (selection.peek() !== undefined) selection.accept();
});
const addresses = Array.from({ length: senders }, (_, index) => addressOf(index));
measure("advance over blocks that use one nonce of every sender", count, () => {
  for (let block = 1n; block <= BigInt(count / senders); block++) {
    for (const address of addresses) nonces.set(address, block);
    pool.advance({ ...nextBlock, baseFeePerGas: 10n + (block % 3n) }, addresses);
  }
});
process.stdout.write(`left in the pool: ${JSON.stringify(pool.status())}\n`);
nonces.clear();

const lone = make(0, 4_000, 1, () => 5);
measure("add, one sender in order", lone.length, () => addAll(createPool(), lone));
const reversed = lone.toReversed();
measure("add, one sender backwards", lone.length, () =>
  addAll(new Mempool({ ...options, senderQueuedMax: 4_096 }, nextBlock, dependencies), reversed),
);
const full = createPool(count / 2);
measure("add to a pool that fills up half-way and evicts", count, () => addAll(full, spread));
