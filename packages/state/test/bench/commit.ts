import { mkdtempSync, rmSync, statSync } from "node:fs";
import { availableParallelism, cpus, tmpdir } from "node:os";
import { join } from "node:path";
import type { Account } from "@koinon/ethereum/account";
import type { Address } from "@koinon/secp256k1/address";
import type { BlockId } from "../../src/block-record.ts";
import { StateStore } from "../../src/state-store.ts";
import { createDice } from "../fixtures/random-changes.ts";
import { addressOf, changesOf, hashOf, plainAccount } from "../fixtures/state-model.ts";

/**
 * What a block that touches 10,000 accounts costs at several sizes of the state: `node test/bench/commit.ts [accounts …]`.
 * "prepare" and "commit" are CPU time of the calling thread, "total" that of all threads, "durable" the time from the call of
 * commit until the block is on disk.
 */
const sizes = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [10_000, 100_000, 1_000_000];
const touchedPerBlock = 10_000;
const blocks = 20;
const proofs = 500;
const folderSizeBytes = (path: string) => statSync(join(path, "data.mdb")).blocks * 512;

const blockOf = (number: bigint): BlockId => ({ number, hash: hashOf(number), parentHash: hashOf(number - 1n) });
const median = (values: number[]) => values.toSorted((a, b) => a - b)[values.length >> 1] as number;
const quantile = (values: number[], share: number) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] as number;

async function fill(store: StateStore, addresses: readonly Address[]): Promise<void> {
  for (let from = 0, number = 0n; from < addresses.length; from += 50_000, number++) {
    const accounts = new Map(
      addresses.slice(from, from + 50_000).map((address) => [address, plainAccount(0n, 10n ** 18n)]),
    );
    const candidate = store.prepare(store.head?.hash, changesOf({ accounts }));
    await store.commit(candidate, blockOf(number));
  }
}

const millisecondsOf = ({ user, system }: { user: number; system: number }) => (user + system) / 1000;

interface BlockCost {
  readonly prepareMs: number;
  readonly commitMs: number;
  readonly durableMs: number;
  readonly cpuMs: number;
}

async function timeBlock(
  store: StateStore,
  addresses: readonly Address[],
  dice: (n: number) => number,
): Promise<BlockCost> {
  const head = store.head;
  if (head === undefined) throw new Error("the state is empty");
  const state = store.at(head.hash);
  const accounts = new Map<Address, Account>();
  while (accounts.size < Math.min(touchedPerBlock, addresses.length)) {
    const address = addresses[dice(addresses.length)] as Address;
    const account = state.account(address) as Account;
    accounts.set(address, { ...account, nonce: account.nonce + 1n, balance: account.balance - BigInt(dice(1000)) });
  }
  const cpu = process.cpuUsage();
  const thread = process.threadCpuUsage();
  const candidate = store.prepare(head.hash, changesOf({ accounts }));
  const prepared = process.threadCpuUsage(thread);
  const start = performance.now();
  const commit = store.commit(candidate, blockOf(head.number + 1n));
  const called = process.threadCpuUsage(thread);
  await commit;
  const durable = performance.now();
  const used = process.cpuUsage(cpu);
  return {
    prepareMs: millisecondsOf(prepared),
    commitMs: millisecondsOf(called) - millisecondsOf(prepared),
    durableMs: durable - start,
    cpuMs: millisecondsOf(used),
  };
}

function timeProofs(
  store: StateStore,
  addresses: readonly Address[],
  block: bigint,
  dice: (n: number) => number,
): number[] {
  return Array.from({ length: proofs }, () => {
    const address = addresses[dice(addresses.length)] as Address;
    const start = performance.now();
    store.proof(address, [0n], block);
    return performance.now() - start;
  });
}

async function benchSize(count: number): Promise<Record<string, string | number>> {
  const folder = mkdtempSync(join(tmpdir(), "koinon-state-bench-"));
  const dice = createDice(count);
  const store = new StateStore({ path: folder });
  const addresses = Array.from({ length: count }, (_, index) => addressOf(index));
  const start = performance.now();
  await fill(store, addresses);
  const filledMs = performance.now() - start;
  const filledBytes = folderSizeBytes(folder);
  for (let warm = 0; warm < 3; warm++) await timeBlock(store, addresses, dice);
  const costs: BlockCost[] = [];
  for (let index = 0; index < blocks; index++) costs.push(await timeBlock(store, addresses, dice));
  const head = store.head?.number as bigint;
  const recent = timeProofs(store, addresses, head, dice);
  const past = timeProofs(store, addresses, head - BigInt(blocks), dice);
  const row = {
    accounts: count,
    "fill s": (filledMs / 1000).toFixed(1),
    "MB filled": (filledBytes / 1e6).toFixed(0),
    "MB after": (folderSizeBytes(folder) / 1e6).toFixed(0),
    "prepare ms": median(costs.map((cost) => cost.prepareMs)).toFixed(0),
    "commit ms": median(costs.map((cost) => cost.commitMs)).toFixed(0),
    "durable ms": median(costs.map((cost) => cost.durableMs)).toFixed(0),
    "total ms": median(costs.map((cost) => cost.cpuMs)).toFixed(0),
    "proof p50/p99 ms": `${median(recent).toFixed(2)}/${quantile(recent, 0.99).toFixed(2)}`,
    [`${blocks} blocks ago`]: `${median(past).toFixed(2)}/${quantile(past, 0.99).toFixed(2)}`,
  };
  await store.close();
  rmSync(folder, { recursive: true });
  return row;
}

const rows: Record<string, string | number>[] = [];
for (const size of sizes) rows.push(await benchSize(size));
process.stdout.write(`${cpus()[0]?.model}, ${availableParallelism()} threads, node ${process.version}\n`);
process.stdout.write(`a block touches ${touchedPerBlock} accounts; medians of ${blocks} blocks\n`);
const columns = Object.keys(rows[0] ?? {});
for (const line of [columns, ...rows.map((row) => columns.map((column) => String(row[column])))]) {
  process.stdout.write(`${line.map((cell) => cell.padStart(17)).join("")}\n`);
}
