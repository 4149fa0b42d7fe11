import { createReadStream } from "node:fs";
import { type FileHandle, open, rename, stat } from "node:fs/promises";
import type { EncodedTransaction } from "@koinon/ethereum/transaction";
import { Turns } from "../../engine/turns.ts";
import type { Mempool } from "../mempool.ts";
import { encodeRecords, RecordReader } from "./journal-records.ts";

/** Where the journal is, and its bounds. */
export interface PoolJournalOptions {
  readonly path: string;
  /** Longest transaction. */
  readonly transactionBytesMax: number;
  /** Written anew when it is longer than twice what waits, and this. */
  readonly slackBytes: number;
}

export interface PoolJournalDependencies {
  readonly mempool: Pick<Mempool, "senders" | "status">;
  /** Told once: nothing is written any more. */
  onFailure(error: unknown): void;
}

/** What was found in a journal. */
export interface RestoredPool {
  readonly transactions: number;
  /** Something behind them could not be read. */
  readonly isDamaged: boolean;
}

const pieceBytes = 2 ** 20;

/**
 * Raw transactions that the pool took, in a file, so that those which wait survive the process. A transaction is with the operating
 * system before its sender is answered; nothing is flushed, so a machine that loses power loses what it had not written by itself.
 * What left the pool stays in the file until that is written anew, and is refused when it is read back.
 */
export class PoolJournal {
  readonly #options: PoolJournalOptions;
  readonly #dependencies: PoolJournalDependencies;
  readonly #turns = new Turns();
  #file: FileHandle | undefined;
  #sizeBytes = 0;
  #unwritten: Uint8Array[] = [];
  #writing: Promise<void> | undefined;
  #isRenewing = false;

  constructor(options: PoolJournalOptions, dependencies: PoolJournalDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /**
   * Gives what the file holds to `submit`, some at a time, up to the first damage; then writes the file anew from what the pool took, and
   * from then on what is appended. Rejects with the file system's errors and those of `submit`; the old file is kept then.
   */
  async restore(submit: (raws: readonly Uint8Array[]) => Promise<unknown>): Promise<RestoredPool> {
    const { path, transactionBytesMax } = this.#options;
    const reader = new RecordReader(transactionBytesMax);
    let transactions = 0;
    if (await exists(path)) {
      for await (const piece of createReadStream(path, { highWaterMark: pieceBytes })) {
        const raws = reader.read(piece as Buffer);
        transactions += raws.length;
        if (raws.length > 0) await submit(raws);
      }
    }
    await this.#turns.take(() => this.#renew());
    return { transactions, isDamaged: reader.isDamaged };
  }

  /** Resolves when the transactions are with the operating system, or can not be written any more. */
  append(raws: readonly Uint8Array[]): Promise<void> {
    if (this.#file === undefined || raws.length === 0) return Promise.resolve();
    for (const raw of raws) this.#unwritten.push(raw);
    this.#writing ??= this.#turns.take(() => this.#write());
    return this.#writing;
  }

  async close(): Promise<void> {
    await this.#turns.take(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  /** Everything that came while the write before was under way goes in one. */
  async #write(): Promise<void> {
    const bytes = encodeRecords(this.#unwritten);
    this.#unwritten = [];
    this.#writing = undefined;
    try {
      await this.#file?.appendFile(bytes);
      this.#sizeBytes += bytes.length;
    } catch (error) {
      await this.#giveUp(error);
    }
    if (this.#sizeBytes <= 2 * this.#dependencies.mempool.status().bytes + this.#options.slackBytes || this.#isRenewing)
      return;
    this.#isRenewing = true;
    void this.#turns.take(async () => {
      await this.#renew().catch((error: unknown) => this.#giveUp(error));
      this.#isRenewing = false;
    });
  }

  /** What is appended meanwhile comes behind, so nothing that waits is left out; twice in the file is once in the pool. */
  async #renew(): Promise<void> {
    const { path } = this.#options;
    const next = await open(`${path}.new`, "w", 0o600);
    let sizeBytes = 0;
    try {
      for (const piece of pieces(this.#dependencies.mempool)) {
        await next.appendFile(piece);
        sizeBytes += piece.length;
      }
      await rename(`${path}.new`, path);
    } catch (error) {
      await next.close();
      throw error;
    }
    await this.#file?.close();
    this.#file = next;
    this.#sizeBytes = sizeBytes;
  }

  async #giveUp(error: unknown): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    this.#dependencies.onFailure(error);
    await file?.close().catch(() => undefined);
  }
}

/** Records of all that waits, in pieces; the pool may change between two of them. */
function* pieces(mempool: Pick<Mempool, "senders">): Iterable<Uint8Array> {
  let raws: Uint8Array[] = [];
  let bytes = 0;
  for (const { raw } of waiting(mempool)) {
    raws.push(raw);
    bytes += raw.length;
    if (bytes < pieceBytes) continue;
    yield encodeRecords(raws);
    [raws, bytes] = [[], 0];
  }
  yield encodeRecords(raws);
}

function* waiting(mempool: Pick<Mempool, "senders">): Iterable<EncodedTransaction> {
  for (const queue of mempool.senders()) {
    yield* queue.pendingEntries();
    yield* queue.queuedEntries();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
