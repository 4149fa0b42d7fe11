import { existsSync } from "node:fs";
import { readdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { atOnce } from "@koinon/trie/steps";
import { decodeAccountRecord, emptyStorageRoot, isAccountRecord } from "./account-record.ts";
import { applyChanges } from "./apply-changes.ts";
import { blockNumberBytes } from "./block-number.ts";
import { type CommittedBlock, decodeBlock, encodeBlock } from "./block-record.ts";
import { Database } from "./database.ts";
import { encodeFormat, metaKeys, tables, userTablePrefix } from "./layout.ts";
import { bytesToWord } from "./slot-value.ts";
import { syncFolder } from "./snapshot-export.ts";
import { decodeFrames, type SnapshotRecord } from "./snapshot-frames.ts";
import { StateError } from "./state-error.ts";
import { keyToBytes } from "./state-key.ts";
import type { StateSource } from "./state-source.ts";
import { WriteBatch } from "./write-batch.ts";

/** Where a snapshot goes, and as what; see `StateOptions`. */
export interface ImportOptions {
  readonly path: string;
  readonly tables?: readonly string[];
  readonly archive?: boolean;
  readonly signal?: AbortSignal;
}

/** Entries of the state that are held in memory and then put into the tries at once. */
const entriesPerBatch = 20_000;

/**
 * Makes a store from a snapshot: in a folder beside, which takes the store's place when everything is on disk and the root
 * of the tries that were built is the block's. Rejects with StateError `SNAPSHOT_INVALID`, or `STATE_NOT_EMPTY` when the
 * folder is in use, and leaves nothing behind; what a killed import leaves is removed by the next one.
 */
export async function importSnapshot(
  options: ImportOptions,
  chunks: AsyncIterable<Uint8Array>,
): Promise<CommittedBlock> {
  const { path, signal } = options;
  if (existsSync(path) && (await readdir(path)).length > 0) throw new StateError({ code: "STATE_NOT_EMPTY" });
  const unfinished = `${path}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  const userTables = (options.tables ?? []).map((name) => userTablePrefix + name);
  const database = new Database(unfinished, [...Object.values(tables), ...userTables]);
  try {
    const target = new ImportTarget(database, new Set(userTables));
    for await (const record of decodeFrames(chunks)) {
      signal?.throwIfAborted();
      target.add(record);
      if (target.isFull) await target.flush();
    }
    const block = await target.finish(options.archive ?? false);
    await database.close();
    await rm(path, { recursive: true, force: true });
    await rename(unfinished, path);
    await syncFolder(dirname(path));
    return block;
  } catch (error) {
    await database.close();
    await rm(unfinished, { recursive: true, force: true });
    throw error;
  }
}

class ImportTarget implements StateSource {
  readonly #database: Database;
  readonly #userTables: ReadonlySet<string>;
  #batch = new WriteBatch();
  #accounts = new Map<Address, Account>();
  #storage = new Map<Address, [bigint, bigint][]>();
  #entries = 0;
  #codeSeen = new Set<Hex>([emptyCodeHash]);
  #block: CommittedBlock | undefined;
  #owner: Address | undefined;
  #root: Hex = emptyStorageRoot;

  constructor(database: Database, userTables: ReadonlySet<string>) {
    this.#database = database;
    this.#userTables = userTables;
  }

  /** True when enough is held to be written. */
  get isFull(): boolean {
    return this.#entries >= entriesPerBatch;
  }

  add(record: SnapshotRecord): void {
    this.#entries++;
    if ((record.kind === "block") === (this.#block !== undefined)) throw invalid("order");
    switch (record.kind) {
      case "block":
        if (record.value.length !== 104) throw invalid("block");
        this.#block = decodeBlock(record.value);
        return;
      case "code":
        this.#addCode(record.key, record.value);
        return;
      case "account":
        this.#addAccount(record.key, record.value);
        return;
      case "slot":
        this.#addSlot(record.key, record.value);
        return;
      case "entry":
        this.#addEntry(record.key, record.value);
        return;
      default:
        throw invalid("order");
    }
  }

  /** Writes what is held and makes it visible to the next batch. */
  async flush(): Promise<void> {
    const changes = {
      accounts: this.#accounts,
      storage: this.#storage,
      clearedStorage: new Set<Address>(),
      code: new Map(),
    };
    const { root, delta } = atOnce(applyChanges(this, changes));
    for (const [key, { after }] of delta) this.#batch.putEntry(tables.state, key, after);
    await this.#database.write(this.#batch);
    this.#database.refresh();
    this.#root = root;
    this.#batch = new WriteBatch();
    this.#accounts = new Map();
    this.#storage = new Map();
    this.#entries = 0;
  }

  /** Writes the rest and the head, which makes it a store; throws when the root is not the block's. */
  async finish(isArchive: boolean): Promise<CommittedBlock> {
    const block = this.#block;
    if (block === undefined) throw invalid("no block");
    await this.flush();
    if (this.#root !== block.root) throw invalid("root");
    const number = blockNumberBytes(block.number);
    this.#batch.put(tables.blocks, number, encodeBlock(block));
    this.#batch.put(tables.numbers, hexToBytes(block.hash), number);
    this.#batch.put(tables.meta, metaKeys.format, encodeFormat(isArchive));
    this.#batch.put(tables.meta, metaKeys.oldest, number);
    this.#batch.put(tables.meta, metaKeys.head, encodeBlock(block));
    await this.#database.write(this.#batch);
    return block;
  }

  get(key: string): Uint8Array | undefined {
    return this.#database.get(tables.state, keyToBytes(key));
  }

  slotKeys(): Set<string> {
    return new Set();
  }

  code(): undefined {
    return undefined;
  }

  #addCode(hash: Uint8Array, code: Uint8Array): void {
    if (Buffer.compare(keccak256(code), hash) !== 0) throw invalid("code");
    this.#codeSeen.add(bytesToHex(hash));
    this.#batch.put(tables.code, hash, code);
  }

  #addAccount(key: Uint8Array, value: Uint8Array): void {
    if (key.length !== 20 || !isAccountRecord(value)) throw invalid("account");
    const address = bytesToHex(key);
    // The storage root is left to be found anew.
    const { nonce, balance, codeHash } = decodeAccountRecord(value);
    if (!this.#codeSeen.has(codeHash)) throw invalid("code missing");
    this.#accounts.set(address, { nonce, balance, codeHash });
    this.#owner = address;
  }

  #addSlot(slot: Uint8Array, word: Uint8Array): void {
    const owner = this.#owner;
    if (owner === undefined || slot.length !== 32 || word.length === 0 || word.length > 32) throw invalid("slot");
    const slots = this.#storage.get(owner) ?? [];
    slots.push([bytesToWord(slot), bytesToWord(word)]);
    this.#storage.set(owner, slots);
  }

  #addEntry(key: Uint8Array, value: Uint8Array): void {
    const nameEnd = 1 + (key[0] ?? 0);
    const table = userTablePrefix + new TextDecoder().decode(key.subarray(1, nameEnd));
    if (!this.#userTables.has(table)) throw invalid(`table ${table}`);
    this.#batch.put(table, key.subarray(nameEnd), value);
  }
}

function invalid(reason: string): StateError {
  return new StateError({ code: "SNAPSHOT_INVALID", reason });
}
