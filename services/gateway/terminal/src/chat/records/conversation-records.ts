import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import { asFound, type Conversation } from "../conversation.ts";
import { chooseEvictions, type RetentionLimits } from "./retention.ts";

/** The exact bytes of one exchange, and the bundle that proves it once it has been fetched. */
export interface ExchangeRecord {
  readonly answerId: string;
  readonly conversationId: string;
  readonly requestId: string | null;
  readonly request: Uint8Array<ArrayBuffer>;
  readonly response: Uint8Array<ArrayBuffer>;
  readonly bundle: Uint8Array<ArrayBuffer> | null;
}

/** A conversation in the list. */
export interface ConversationSummary {
  readonly id: string;
  readonly title: string;
  readonly updatedAt: number;
  /** About what it takes up. */
  readonly bytes: number;
}

interface StoredConversation {
  readonly id: string;
  readonly conversation: Conversation;
  /** Of its exchanges when it was last saved. */
  readonly bytes: number;
}

interface Schema extends DBSchema {
  conversations: { key: string; value: StoredConversation };
  exchanges: { key: string; value: ExchangeRecord; indexes: { conversationId: string; requestId: string } };
}

const databaseName = "koinon-terminal";
const databaseVersion = 1;

/** Conversations in the browser's IndexedDB: nothing of them leaves this machine. */
export class ConversationRecords {
  readonly #database: IDBPDatabase<Schema>;
  readonly #limits: RetentionLimits;

  constructor(database: IDBPDatabase<Schema>, limits: RetentionLimits) {
    this.#database = database;
    this.#limits = limits;
  }

  /** Opens the database, making it at first. */
  static async open(limits: RetentionLimits, name = databaseName): Promise<ConversationRecords> {
    const database = await openDB<Schema>(name, databaseVersion, {
      upgrade(created) {
        created.createObjectStore("conversations", { keyPath: "id" });
        const exchanges = created.createObjectStore("exchanges", { keyPath: "answerId" });
        exchanges.createIndex("conversationId", "conversationId");
        exchanges.createIndex("requestId", "requestId");
      },
    });
    return new ConversationRecords(database, limits);
  }

  /** Every conversation, most recently used first. */
  async list(): Promise<ConversationSummary[]> {
    const stored = await this.#database.getAll("conversations");
    return stored
      .map(({ conversation: { id, title, updatedAt }, bytes }) => ({ id, title, updatedAt, bytes }))
      .sort((a, b) => b.updatedAt - a.updatedAt);
  }

  /** One conversation with its exchanges; null when it is gone. */
  async load(id: string): Promise<{ conversation: Conversation; exchanges: ExchangeRecord[] } | null> {
    const transaction = this.#database.transaction(["conversations", "exchanges"]);
    const stored = await transaction.objectStore("conversations").get(id);
    const exchanges = await transaction.objectStore("exchanges").index("conversationId").getAll(id);
    return stored === undefined ? null : { conversation: asFound(stored.conversation), exchanges };
  }

  /** Writes a conversation, then makes room; answers the ids of those that had to go. */
  async save(conversation: Conversation): Promise<string[]> {
    const { id } = conversation;
    const transaction = this.#database.transaction(["conversations", "exchanges"], "readwrite");
    const exchanges = await transaction.objectStore("exchanges").index("conversationId").getAll(id);
    const bytes = exchanges.reduce((sum, exchange) => sum + bytesOf(exchange), 0);
    await transaction.objectStore("conversations").put({ id, conversation, bytes });
    await transaction.done;
    const evicted = chooseEvictions(await this.list(), id, this.#limits);
    for (const each of evicted) await this.delete(each);
    return evicted;
  }

  async saveExchange(exchange: ExchangeRecord): Promise<void> {
    await this.#database.put("exchanges", exchange);
  }

  /** Keeps the bundle beside the bytes it proves; does nothing when these are gone. */
  async saveBundle(answerId: string, bundle: Uint8Array<ArrayBuffer>): Promise<void> {
    const transaction = this.#database.transaction("exchanges", "readwrite");
    const exchange = await transaction.store.get(answerId);
    if (exchange !== undefined) await transaction.store.put({ ...exchange, bundle });
    await transaction.done;
  }

  /** The exchange with this request id, should it have been had from this browser. */
  async findExchange(requestId: string): Promise<ExchangeRecord | undefined> {
    return this.#database.getFromIndex("exchanges", "requestId", requestId);
  }

  /** Deletes exchanges that their conversation has dropped. */
  async deleteExchanges(answerIds: readonly string[]): Promise<void> {
    const transaction = this.#database.transaction("exchanges", "readwrite");
    await Promise.all(answerIds.map((answerId) => transaction.store.delete(answerId)));
    await transaction.done;
  }

  /** Deletes a conversation with all its bytes. */
  async delete(id: string): Promise<void> {
    const transaction = this.#database.transaction(["conversations", "exchanges"], "readwrite");
    await transaction.objectStore("conversations").delete(id);
    for await (const cursor of transaction.objectStore("exchanges").index("conversationId").iterate(id))
      await cursor.delete();
    await transaction.done;
  }

  /** Deletes everything. */
  async clear(): Promise<void> {
    const transaction = this.#database.transaction(["conversations", "exchanges"], "readwrite");
    await transaction.objectStore("conversations").clear();
    await transaction.objectStore("exchanges").clear();
    await transaction.done;
  }

  close(): void {
    this.#database.close();
  }
}

function bytesOf({ request, response, bundle }: ExchangeRecord): number {
  return request.length + response.length + (bundle?.length ?? 0);
}
