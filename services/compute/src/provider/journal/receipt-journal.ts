import { mkdirSync } from "node:fs";
import path from "node:path";
import { ProviderError } from "../errors.ts";
import { JournalFile, type JournalFileDependencies } from "./journal-file.ts";
import type { JournaledReceipt, JournaledSession, JournalRecord } from "./journal-record.ts";

export interface JournalOptions {
  readonly folder: string;
  /** Receipts that may wait for the market; with more no new work is taken. */
  readonly pendingMax: number;
  /** Sessions remembered; the longest unused one is forgotten first, and its consumer then gets a new session. */
  readonly sessionsMax: number;
}

/** The file is written anew when it is this long and mostly rubbish. */
const compactBytes = 4 * 1024 * 1024;

/** What a provider must not forget: receipts that the market has not acknowledged, and where each consumer's chain stands. */
export class ReceiptJournal {
  readonly #options: JournalOptions;
  readonly #file: JournalFile;
  readonly #pending: Map<string, JournaledReceipt>;
  readonly #requests: Set<string>;
  readonly #sessions: Map<string, JournaledSession>;
  /** What opening had to cut away. */
  readonly tornBytes: number;
  #liveBytes = 0;
  /** Applied, and not in the file yet; at most as many as receipts were waiting. */
  readonly #unwritten: JournalRecord[] = [];

  private constructor(options: JournalOptions, dependencies: JournalFileDependencies) {
    this.#options = options;
    this.#pending = new Map();
    this.#requests = new Set();
    this.#sessions = new Map();
    mkdirSync(options.folder, { recursive: true, mode: 0o700 });
    const file = path.join(options.folder, "receipts.journal");
    const { journal, tornBytes } = JournalFile.open(file, (record) => this.#apply(record), dependencies);
    this.#file = journal;
    this.tornBytes = tornBytes;
  }

  static open(options: JournalOptions, dependencies: JournalFileDependencies): ReceiptJournal {
    return new ReceiptJournal(options, dependencies);
  }

  /** Receipts not acknowledged yet. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  /** Where a consumer's chain stands; undefined when its next receipt starts a session. */
  session(consumer: Buffer): JournaledSession | undefined {
    return this.#sessions.get(consumer.toString("latin1"));
  }

  /** True while a receipt for this request waits. */
  hasRequest(requestId: Buffer): boolean {
    return this.#requests.has(requestId.toString("latin1"));
  }

  /** Throws JOURNAL_FULL when the market has not acknowledged for too long. */
  assertRoom(): void {
    const pending = this.#pending.size;
    if (pending >= this.#options.pendingMax) throw new ProviderError({ code: "JOURNAL_FULL", pending });
  }

  /** Keeps a receipt and the new state of its session; both survive the process when this returns. */
  add(receipt: JournaledReceipt, session: JournaledSession): void {
    this.#write([{ type: "receipt", receipt, session }]);
  }

  /** The oldest receipts that wait, at most `count`, in the order in which they were signed. */
  oldest(count: number): JournaledReceipt[] {
    return [...this.#pending.values().take(count)];
  }

  /** True while this receipt waits. */
  isPending(receiptId: Buffer): boolean {
    return this.#pending.has(keyOf(receiptId));
  }

  /** Every receipt that waits, in the order in which they were signed. */
  pending(): Iterable<JournaledReceipt> {
    return this.#pending.values();
  }

  /** Puts a receipt in the place of another one for the same request, in one write. */
  replace(old: Buffer, receipt: JournaledReceipt, session: JournaledSession): void {
    this.#write([
      { type: "settled", receiptId: old },
      { type: "receipt", receipt, session },
    ]);
  }

  /**
   * Forgets receipts that were settled, or refused for good. The file learns of it with the next record or when it is closed: a receipt that a
   * crash brings back is handed in once more, and that is all.
   */
  settle(receiptIds: readonly Buffer[]): void {
    for (const receiptId of receiptIds) {
      if (!this.isPending(receiptId)) continue;
      const record = { type: "settled", receiptId } as const;
      this.#apply(record);
      this.#unwritten.push(record);
    }
    this.#compactWhenWorthIt();
  }

  /** Ends the consumer's session, so that its next receipt starts another. */
  endSession(consumer: Buffer): void {
    this.#write([{ type: "session-ended", consumer }]);
  }

  close(): Promise<void> {
    this.#write([]);
    return this.#file.close();
  }

  #write(records: readonly JournalRecord[]): void {
    this.#file.append([...this.#unwritten, ...records]);
    this.#unwritten.length = 0;
    for (const record of records) this.#apply(record);
  }

  #apply(record: JournalRecord): void {
    switch (record.type) {
      case "receipt":
        this.#await(record.receipt);
        this.#remember(record.session);
        break;
      case "pending":
        this.#await(record.receipt);
        break;
      case "settled": {
        const receipt = this.#pending.get(keyOf(record.receiptId));
        if (receipt === undefined) break;
        this.#pending.delete(keyOf(record.receiptId));
        this.#requests.delete(keyOf(receipt.requestId));
        this.#liveBytes -= sizeOf(receipt);
        break;
      }
      case "session":
        this.#remember(record.session);
        break;
      case "session-ended":
        this.#sessions.delete(keyOf(record.consumer));
        break;
    }
  }

  #await(receipt: JournaledReceipt): void {
    this.#pending.set(keyOf(receipt.receiptId), receipt);
    this.#requests.add(keyOf(receipt.requestId));
    this.#liveBytes += sizeOf(receipt);
  }

  #remember(session: JournaledSession): void {
    const key = keyOf(session.consumer);
    this.#sessions.delete(key);
    this.#sessions.set(key, session);
    if (this.#sessions.size <= this.#options.sessionsMax) return;
    const [longestUnused] = this.#sessions.keys();
    if (longestUnused !== undefined) this.#sessions.delete(longestUnused);
  }

  #compactWhenWorthIt(): void {
    if (this.#file.sizeBytes < compactBytes || this.#file.sizeBytes < 2 * this.#liveBytes) return;
    this.#file.rewrite(this.#live());
    this.#unwritten.length = 0;
  }

  *#live(): Generator<JournalRecord> {
    for (const receipt of this.#pending.values()) yield { type: "pending", receipt };
    for (const session of this.#sessions.values()) yield { type: "session", session };
  }
}

function sizeOf(receipt: JournaledReceipt): number {
  return receipt.content.length + 400;
}

function keyOf(bytes: Buffer): string {
  return bytes.toString("latin1");
}
