import type { Hex } from "@koinon/secp256k1/hex";
import type { SeededRandom } from "@koinon/testkit/seeded-random";
import type { MoneyStore, SettlementRecord, SettleRequest } from "../../src/market/accounts/money-store.ts";
import { address, hash, reservation, SessionSample, terms, zeroHash } from "./money-samples.ts";

/** One step of a history; calls of one step are made in the same moment, in this order. */
export interface HistoryStep {
  readonly name: string;
  readonly calls: readonly ((store: MoneyStore) => Promise<unknown>)[];
}

const accounts = ["alice", "bob", "carol", "nobody"];
const providers = ["ada", "bea", "cyd"];

/** Random histories of a money store: mostly sensible, with every kind of nonsense in between. Reads `oracle` to know what is open. */
export class MoneyHistory {
  readonly #random: SeededRandom;
  readonly #oracle: MoneyStore;
  readonly #requests: string[] = [];
  readonly #settled: SettleRequest[] = [];
  readonly #sessions = new Map<string, SessionSample>();
  #now = 1_000;

  constructor(random: SeededRandom, oracle: MoneyStore) {
    this.#random = random;
    this.#oracle = oracle;
  }

  get requestIds(): Hex[] {
    return this.#requests.map(hash);
  }

  get now(): number {
    return this.#now;
  }

  /**
   * Opens the budgets and has each budget and provider met once: a store may look their rows up at first sight, and calls of one moment would
   * then overtake each other.
   */
  start(): HistoryStep[] {
    const openings = accounts
      .filter((accountId) => accountId !== "nobody")
      .map((accountId) => this.#opening(accountId));
    const open = { name: "open", calls: openings.map((opening) => (store: MoneyStore) => store.openAccount(opening)) };
    const meetings = openings.flatMap(({ accountId }) =>
      providers.map((from) => {
        const request = reservation(`${accountId} meets ${from}`, accountId, 0n, { from, expiresAt: 1_000_000 });
        return { name: "meet", calls: [(store: MoneyStore) => store.reserve(request)] };
      }),
    );
    return [open, ...meetings];
  }

  async next(): Promise<HistoryStep> {
    this.#now += this.#random.integer(50);
    const kind = this.#random.integer(100);
    if (kind < 38) return this.#reserves();
    if (kind < 72) return await this.#settles();
    if (kind < 80) return await this.#voids();
    if (kind < 88) return await this.#repoint();
    if (kind < 91) return await this.#endRelay();
    if (kind < 92) return this.#endRelaysOf();
    if (kind < 95) return this.#expire();
    if (kind < 97) return this.#random.chance(0.6) ? this.#deposit() : this.#withdraw();
    return this.#markLogged();
  }

  #opening(accountId: string) {
    const limit = BigInt(2_000 + this.#random.integer(3_000));
    return { requestId: `open ${accountId}`, accountId, consumer: address(accountId), limit, now: this.#now };
  }

  #reserves(): HistoryStep {
    const random = this.#random;
    const names = new Set<string>();
    const calls = Array.from({ length: 1 + random.integer(24) }, () => {
      const again = random.chance(0.08) && this.#requests.length > 0;
      const name = again ? random.pick(this.#requests) : `request ${this.#requests.length}`;
      // Two calls for one id in the same moment have no order that both stores would have to agree on.
      if (names.has(name)) return undefined;
      names.add(name);
      if (!again) this.#requests.push(name);
      const request = reservation(
        name,
        random.chance(0.03) ? "nobody" : `${accounts[hashOf(name) % 3]}`,
        this.#amount(),
        {
          from: random.pick(providers),
          relayedBy: random.chance(0.9) ? "market-1" : "market-2",
          now: this.#now,
          expiresAt: this.#now + 20 + random.integer(600),
          ...(again && random.chance(0.3) ? { model: "another" } : {}),
        },
      );
      return (store: MoneyStore) => store.reserve(request);
    });
    return { name: "reserve", calls: calls.filter((call) => call !== undefined) };
  }

  async #settles(): Promise<HistoryStep> {
    const names = new Set<string>();
    const requests: SettleRequest[] = [];
    for (let count = 1 + this.#random.integer(16); count > 0; count -= 1) {
      const request = await this.#settleRequest();
      if (request === undefined || names.has(request.requestId)) continue;
      names.add(request.requestId);
      requests.push(request);
    }
    return { name: "settle", calls: requests.map((request) => (store) => store.settle(request)) };
  }

  async #settleRequest(): Promise<SettleRequest | undefined> {
    const random = this.#random;
    if (this.#settled.length > 0 && random.chance(0.1)) {
      const before = random.pick(this.#settled);
      return random.chance(0.5) ? before : { ...before, relayed: !before.relayed };
    }
    if (random.chance(0.03)) return new SessionSample("ada", "stray").at("unknown", 1n, 0n, zeroHash);
    const name = this.#requests.length > 0 ? random.pick(this.#requests) : undefined;
    const record = name === undefined ? undefined : await this.#oracle.settlement(hash(name));
    if (name === undefined || record === undefined) return undefined;
    const session = this.#sessionFor(record);
    const fee = BigInt(random.integer(Number(record.amount) + 1));
    const more = { now: this.#now, relayed: random.chance(0.8), fee };
    if (record.state === "reserved" && random.chance(0.85)) {
      const request = session.next(name, fee, more);
      this.#settled.push(request);
      return request;
    }
    const odd = random.integer(4);
    if (odd === 0) return session.at(name, fee, BigInt(random.integer(20)), hash("odd"), more);
    if (odd === 1) return session.at(name, fee, 0n, zeroHash, more);
    if (odd === 2) return { ...session.at(name, fee, 1n, hash("odd"), more), priceId: hash("odd") };
    return new SessionSample(random.pick(providers), "odd").at(name, fee, 0n, zeroHash, more);
  }

  /** A session of the reservation's provider and consumer; now and then a fresh one. */
  #sessionFor({ providerName, accountId }: SettlementRecord): SessionSample {
    const key = `${providerName} ${accountId}`;
    const known = this.#sessions.get(key);
    if (known !== undefined && !this.#random.chance(0.1)) return known;
    const session = new SessionSample(providerName, `${key} ${this.#sessions.size} ${this.#settled.length}`);
    this.#sessions.set(key, session);
    return session;
  }

  async #voids(): Promise<HistoryStep> {
    const picked = new Set(Array.from({ length: 1 + this.#random.integer(8) }, () => this.#anyRequest()));
    const calls = [...picked].map((name) => {
      const relayedBy = this.#random.chance(0.85) ? "market-1" : "market-2";
      const request = { requestId: hash(name), relayedBy, reason: "PROVIDERS_FAILED", attempts: [], now: this.#now };
      return (store: MoneyStore) => store.void(request);
    });
    return { name: "void", calls };
  }

  async #repoint(): Promise<HistoryStep> {
    const requestId = hash(this.#anyRequest());
    const attempts = [{ providerName: "ada", outcome: "UNREACHABLE", durationMs: this.#random.integer(100) }];
    const to = terms(this.#random.pick(providers), this.#amount());
    const now = this.#now;
    return { name: "repoint", calls: [(store) => store.repoint(requestId, to, attempts, now)] };
  }

  async #endRelay(): Promise<HistoryStep> {
    const name = this.#anyRequest();
    const delivered = { digest: hash(`${name} delivered`), bytes: this.#random.integer(1_000) };
    const request = {
      requestId: hash(name),
      delivered,
      attempts: [],
      expiresAt: this.#now + this.#random.integer(200),
    };
    return { name: "end relay", calls: [(store) => store.endRelay(request)] };
  }

  #endRelaysOf(): HistoryStep {
    const until = this.#now + this.#random.integer(200);
    return { name: "end relays", calls: [(store) => store.endRelaysOf("market-2", until)] };
  }

  #expire(): HistoryStep {
    const [now, limit] = [this.#now, 1_000];
    return { name: "expire", calls: [(store) => store.expire(now, limit)] };
  }

  #deposit(): HistoryStep {
    const random = this.#random;
    const accountId = random.pick(accounts);
    const request = {
      requestId: `deposit ${random.integer(12)} ${accountId}`,
      accountId,
      amount: 700n,
      now: this.#now,
    };
    return { name: "deposit", calls: [(store) => store.deposit(request)] };
  }

  #withdraw(): HistoryStep {
    const accountId = this.#random.pick(accounts);
    const request = { requestId: `withdrawal ${this.#random.integer(8)}`, accountId, now: this.#now };
    return { name: "withdraw", calls: [(store) => store.withdraw(request)] };
  }

  #markLogged(): HistoryStep {
    const some = this.#settled.filter(() => this.#random.chance(0.2));
    const places = some.map(({ receiptId }) => ({ receiptId, index: BigInt(hashOf(receiptId)) }));
    return { name: "log", calls: [(store) => store.markLogged(places)] };
  }

  #anyRequest(): string {
    return this.#requests.length > 0 && this.#random.chance(0.95) ? this.#random.pick(this.#requests) : "unknown";
  }

  #amount(): bigint {
    return BigInt(this.#random.integer(this.#random.chance(0.1) ? 3_000 : 200));
  }
}

function hashOf(text: string): number {
  return Number.parseInt(hash(text).slice(2, 10), 16);
}
