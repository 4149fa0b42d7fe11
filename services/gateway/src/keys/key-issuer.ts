import { createHash } from "node:crypto";
import { RpcError } from "@koinon/rpc/rpc-error";
import { GatewayError } from "../errors.ts";
import type { KeyStore } from "../store/key-store.ts";
import { type ApiKey, apiKeyHash, createApiKeyFromText, generateApiKey } from "./api-key.ts";
import type { Budgets } from "./budgets.ts";
import type { KeyRecord } from "./key-record.ts";
import type { Budget, CreateKey } from "./key-schemas.ts";
import type { Seed } from "./seed.ts";

/** Who asks for a key, and under which name if the creation shall be repeatable. */
export interface CreationOrigin {
  readonly creator: string;
  readonly creation: string | null;
}

type RecordedOrigin = CreationOrigin & Pick<KeyRecord, "creationDigest">;

/** A key right after its creation, the only time that its text is known. */
export interface IssuedKey {
  readonly record: KeyRecord;
  readonly text: string;
  /** Undefined when the account had been opened before. */
  readonly budget: Budget | undefined;
}

interface Recorded {
  readonly record: KeyRecord;
  readonly budget: Budget | undefined;
}

/** What an issuer works with. */
export interface KeyIssuerDependencies {
  readonly store: KeyStore;
  readonly budgets: Pick<Budgets, "open">;
  readonly seed: Seed;
  readonly clock: { now(): number };
  readonly random: { bytes(length: number): Uint8Array };
  /** Told of every key whose record has changed. */
  changed(id: string): void;
  /** Told of every key that could not be finished yet. */
  unfinished(id: string, error: unknown): void;
}

// Opening an account twice is harmless, so a creation that may still be under way elsewhere can be helped along.
const RESUMED_AFTER_MS = 1_000;
// A creation answers within its deadline; one without a name that is older was left by a crash, and nobody has its key.
const ABANDONED_AFTER_MS = 60_000;
const RESUME_BATCH = 100;

/**
 * Creates keys in two steps: the key is recorded, then the market opens its account, then the key is marked active. A crash
 * in between is resumed by any replica. A creation that has a name draws its key from the seed and the name, so repeating it
 * yields the same key; of one without a name nobody got the key, so it is revoked instead.
 */
export class KeyIssuer {
  readonly #dependencies: KeyIssuerDependencies;

  constructor(dependencies: KeyIssuerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Creates a key. Throws REQUEST_ID_REUSED, or what the store or the market refuse with. */
  async issue(request: CreateKey, origin: CreationOrigin, signal?: AbortSignal): Promise<IssuedKey> {
    const { seed, random } = this.#dependencies;
    const source = origin.creation === null ? random : seed.creationRandomness(origin.creator, origin.creation);
    const key = generateApiKey(source);
    const recorded = await this.#record(key, request, { ...origin, creationDigest: digestOf(request) }, signal);
    return { ...recorded, text: key.text };
  }

  /** Records a key that the caller made and keeps; recording it again changes nothing, whatever else is asked for then. */
  async adopt(text: string, request: CreateKey, creator: string, signal?: AbortSignal): Promise<KeyRecord> {
    const key = createApiKeyFromText(text);
    if (key === undefined) throw new GatewayError({ code: "INVALID_API_KEY" });
    const origin = { creator, creation: key.id, creationDigest: apiKeyHash(text) };
    return (await this.#record(key, request, origin, signal)).record;
  }

  /** Finishes or undoes what crashes left behind; answers how many keys there were. */
  async resume(signal?: AbortSignal): Promise<number> {
    const { store, clock } = this.#dependencies;
    const left = await store.listOpening(RESUME_BATCH, clock.now() - RESUMED_AFTER_MS, signal);
    for (const record of left) await this.#finish(record, signal);
    return left.length;
  }

  async #record(key: ApiKey, request: CreateKey, origin: RecordedOrigin, signal?: AbortSignal): Promise<Recorded> {
    const { store, seed, clock } = this.#dependencies;
    const wanted: KeyRecord = {
      id: key.id,
      name: request.name,
      hash: apiKeyHash(key.text),
      scopes: [...new Set(request.scopes)],
      consumer: (request.consumer as KeyRecord["consumer"] | undefined) ?? seed.consumerAddress(key.id),
      state: "opening",
      budget: BigInt(request.budget),
      requestsPerMinute: request.requests_per_minute ?? null,
      ...origin,
      createdAtMs: clock.now(),
      expiresAtMs: request.expires_at ?? null,
      revokedAtMs: null,
    };
    const stored = await store.insert(wanted, signal);
    if (
      Buffer.compare(stored.creationDigest, wanted.creationDigest) !== 0 ||
      Buffer.compare(stored.hash, wanted.hash) !== 0
    ) {
      throw new GatewayError({ code: "REQUEST_ID_REUSED", requestId: origin.creation ?? "" });
    }
    if (stored.state === "active" || stored.revokedAtMs !== null) return { record: stored, budget: undefined };
    return this.#openOrUndo(stored, signal);
  }

  async #finish(record: KeyRecord, signal?: AbortSignal): Promise<void> {
    try {
      if (record.creation !== null) await this.#openOrUndo(record, signal);
      else if (record.createdAtMs < this.#dependencies.clock.now() - ABANDONED_AFTER_MS) await this.#revoke(record);
    } catch (error) {
      // The next round tries again; one key that can not be opened must not keep the others waiting.
      if (signal?.aborted !== true) this.#dependencies.unfinished(record.id, error);
    }
  }

  async #openOrUndo(record: KeyRecord, signal?: AbortSignal): Promise<Recorded> {
    try {
      return await this.#open(record, signal);
    } catch (error) {
      if (record.creation === null || isFinal(error)) await this.#revoke(record);
      throw error;
    }
  }

  async #open(record: KeyRecord, signal?: AbortSignal): Promise<Recorded> {
    const budget = await this.#dependencies.budgets.open(record, signal);
    await this.#dependencies.store.activate(record.id, signal);
    this.#dependencies.changed(record.id);
    return { record: { ...record, state: "active" }, budget };
  }

  // Without the request's signal: undoing has to happen also when the client has gone.
  async #revoke(record: KeyRecord): Promise<void> {
    await this.#dependencies.store.revoke(record.id, this.#dependencies.clock.now());
    this.#dependencies.changed(record.id);
  }
}

/** Refusals that no repetition turns into success. */
function isFinal(error: unknown): boolean {
  return (
    error instanceof RpcError &&
    /^(INVALID_ARGUMENT|ALREADY_EXISTS|FAILED_PRECONDITION|OUT_OF_RANGE)$/.test(error.status)
  );
}

function digestOf(request: CreateKey): Uint8Array {
  const { name, budget, scopes, expires_at, requests_per_minute, consumer } = request;
  const content = JSON.stringify([
    name,
    budget,
    scopes,
    expires_at ?? null,
    requests_per_minute ?? null,
    consumer ?? null,
  ]);
  return createHash("sha256").update(content).digest();
}
