// Prints transactions per second from raw bytes to hash, sender and decoded fields: `node test/bench/ingest-bench.ts [count]`.
import { cpus } from "node:os";
import { deserialize, serialize } from "node:v8";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import { recoverSender, transactionHash } from "@koinon/ethereum/transaction-signing";
import { implementation } from "@koinon/secp256k1/ecdsa";
import { RecoveryPool } from "../../src/ingest/recovery-pool.ts";
import { signedTransfers } from "../sample-transactions.ts";

const count = Number(process.argv[2] ?? 20_000);
const { raws, transactions } = signedTransfers(count);
const options = { transactionBytesMax: 131_072, transactionsMax: 65_536, bytesMax: 64 << 20, waitersMax: 1_024 };

// Other work on the machine takes from the rate, not from what a core-second gives.
function show(name: string, seconds: number, work: number): void {
  const cpu = process.cpuUsage(cpuStart);
  const coreSeconds = (cpu.user + cpu.system) / 1e6;
  const figures = [work / seconds, work / coreSeconds].map((figure) => Math.round(figure).toString().padStart(9));
  process.stdout.write(
    `${name.padEnd(44)} ${figures[0]}/s ${figures[1]} per core-second, ${(coreSeconds / seconds).toFixed(2)} cores\n`,
  );
}

let cpuStart = process.cpuUsage();
function begin(): number {
  cpuStart = process.cpuUsage();
  return performance.now();
}
const since = (start: number): number => (performance.now() - start) / 1e3;

async function throughPool(workers: number, batch: number): Promise<void> {
  const pool = new RecoveryPool(
    { ...options, workers },
    {
      workerLost: (cause) => process.stderr.write(`${cause}\n`),
      rememberAuthority: () => undefined,
    },
  );
  await pool.recover(raws.slice(0, 1_000), new AbortController().signal);
  const start = begin();
  for (let offset = 0; offset < count; offset += 8_192) {
    const batches: Promise<unknown>[] = [];
    for (let from = offset; from < Math.min(count, offset + 8_192); from += batch) {
      // Every caller has a signal of its own, as every request has.
      batches.push(
        pool.recover(raws.slice(from, Math.min(from + batch, offset + 8_192)), new AbortController().signal),
      );
    }
    await Promise.all(batches);
  }
  show(`${workers} workers, batches of ${batch}`, since(start), count);
  await pool.close();
}

process.stdout.write(`${cpus()[0]?.model}, ${cpus().length} cores, Node ${process.version}, curve ${implementation}\n`);
for (const raw of raws.slice(0, 2_000)) recoverSender(decodeTransaction(raw));
let start = begin();
for (const raw of raws) {
  transactionHash(raw);
  recoverSender(decodeTransaction(raw));
}
show("one thread, no pool", since(start), count);
for (const workers of [0, 1, 2]) await throughPool(workers, 500);
await throughPool(2, 1);

start = begin();
for (const raw of raws) decodeTransaction(new Uint8Array(raw));
show("copying and decoding on the calling thread", since(start), count);
const clones: Buffer[] = [];
start = begin();
for (let offset = 0; offset < count; offset += 250) clones.push(serialize(transactions.slice(offset, offset + 250)));
show("serialising decoded transactions instead", since(start), count);
start = begin();
for (const clone of clones) deserialize(clone);
show("and reading them on the calling thread", since(start), count);
