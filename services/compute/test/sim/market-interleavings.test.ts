import { setImmediate as nextTurn } from "node:timers/promises";
import { describe, expect, test } from "@jest/globals";
import { SettledReceipt } from "@koinon/contracts/koinon/compute/v1/market_service";
import { type Receipt, receiptDocument } from "@koinon/receipts/receipt";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { FakeClock } from "@koinon/testkit/fake-clock";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { waitFor } from "@koinon/testkit/wait-for";
import { MemoryMoneyStore } from "../../src/market/accounts/memory-money-store.ts";
import { MemoryInstanceStore } from "../../src/market/reconcile/memory-instance-store.ts";
import { isRetryableReason } from "../../src/market/reconcile/receipt-result.ts";
import { MemoryRegistryStore } from "../../src/market/registry/memory-registry-store.ts";
import { Death } from "../market/death.ts";
import { jitteryMoney } from "../market/jittery-money.ts";
import { completionOf, eventsOf, type Script, ScriptedProvider, unavailable } from "../market/scripted-provider.ts";
import { accountId, chatOffer, consumer, registrationMessage, TestMarket } from "../market/test-market.ts";

const seeds = Array.from({ length: Number(process.env.KOINON_SIM_SEEDS ?? "12") }, (_, seed) => seed);
const steps = 60;

interface Replica {
  readonly market: TestMarket;
  readonly death: Death;
}

/**
 * Two replicas of the market on one store, three providers, clients that stay or leave, and everything that can come between: lies, breaks,
 * slow stores, lost answers, receipts handed in late, twice, in any order and to anybody, processes that die. One seed, one history.
 */
class World {
  readonly random: SeededRandom;
  readonly clock = new FakeClock();
  readonly money = new MemoryMoneyStore();
  readonly stores = { registry: new MemoryRegistryStore(), instances: new MemoryInstanceStore() };
  readonly settled = new Map<string, number>();
  readonly providers: ScriptedProvider[];
  readonly replicas: Replica[] = [];
  readonly answered: Hex[] = [];
  /** Requests that a provider lied about. */
  readonly lied = new Set<Hex>();
  readonly #asking = new Set<Promise<void>>();
  readonly #connections = new Map<TestMarket, AbortController>();
  #requests = 0;
  #processes = 0;

  constructor(seed: number) {
    this.random = new SeededRandom(`interleavings ${seed}`);
    this.providers = ["alpha", "beta", "gamma"].map((name) => new ScriptedProvider(name, { clock: this.clock }));
    for (const provider of this.providers) provider.scriptOf = ({ requestId }) => this.#script(bytesToHex(requestId));
  }

  async startReplica(): Promise<void> {
    const death = new Death(`process ${this.#processes++}`);
    const stores = { ...this.stores, money: jitteryMoney(this.money, this.random, this.settled) };
    // Nothing happens by itself: whatever tidies up does so when the history says so.
    const env = {
      MARKET_LEASE_MS: "600000",
      MARKET_REFRESH_INTERVAL_MS: "60000",
      MARKET_JOURNAL_MS: "3600000",
      MARKET_PENALTY_MS: "0",
      MARKET_RELAY_WAIT_MS: "5",
    };
    const market = new TestMarket(stores, { clock: this.clock, env, seed: death.name, wrap: death.wrap });
    for (const provider of this.providers) market.connect(provider);
    await market.market.start();
    this.#connections.set(market, new AbortController());
    this.replicas.push({ market, death });
  }

  async step(): Promise<void> {
    const action = this.random.integer(20);
    if (action < 12) this.#ask();
    else if (action < 16) await this.handIn(this.random.pick(this.providers), this.random.chance(0.3));
    else if (action === 16) this.clock.advance(this.random.integer(500));
    else if (action === 17) await this.#crash();
    else if (action === 18) await this.#register(this.random.pick(this.providers));
    else await this.money.expire(this.clock.now(), 10);
    for (let turns = this.random.integer(12); turns > 0; turns--) await nextTurn();
  }

  /** Hands in what waits in a provider's journal, in order or in any, and does with the answers what an honest journal does. */
  async handIn(provider: ScriptedProvider, shuffled: boolean): Promise<void> {
    const { market } = this.random.pick(this.replicas);
    const batch = shuffled
      ? this.#shuffled([...provider.journal, ...provider.journal.slice(0, 2)])
      : [...provider.journal];
    const answer = await market.client.submitReceipts({ receipts: batch.slice(0, 100) }).catch(() => undefined);
    for (const [place, { accepted, reason }] of (answer?.results ?? []).entries()) {
      const message = batch[place];
      const at = message === undefined ? -1 : provider.journal.indexOf(message);
      if (message === undefined || at === -1 || isRetryableReason(reason)) continue;
      provider.journal.splice(at, 1);
      if (accepted) continue;
      const refused = receiptOf(message);
      provider.endSession(refused.session);
      if (reason === "SESSION_ENDED") provider.signAgain(message);
      for (const waiting of provider.journal.filter((other) => isBehind(receiptOf(other), refused))) {
        provider.journal.splice(provider.journal.indexOf(waiting), 1);
        provider.signAgain(waiting);
      }
    }
  }

  /** Everybody comes to rest: answers end, journals are emptied, what is left expires. */
  async settleDown(): Promise<void> {
    await Promise.all(this.#asking);
    await waitFor(
      async () => {
        // A receipt that waits for one that will never come is given up after a while.
        this.clock.advance(1_000);
        await this.#adoptOrphans();
        for (const provider of this.providers) await this.handIn(provider, false);
        return this.providers.every(({ journal }) => journal.length === 0);
      },
      { deadlineMs: 15_000, what: "every journal is empty" },
    );
    await waitFor(() => this.replicas.every(({ market }) => market.market.health().parts.some(isIdle)));
    this.clock.advance(24 * 3_600_000);
    await this.money.expire(this.clock.now(), 1_000);
  }

  async stop(): Promise<void> {
    for (const { market } of this.replicas) await market.market.stop(AbortSignal.timeout(5_000));
  }

  #ask(): void {
    const { market } = this.random.pick(this.replicas);
    const requestId = new Uint8Array(32);
    new DataView(requestId.buffer).setUint32(28, ++this.#requests);
    const connection = this.#connections.get(market)?.signal ?? AbortSignal.abort();
    const client = new AbortController();
    if (this.random.chance(0.2)) void this.#leave(client);
    const signal = AbortSignal.any([connection, client.signal]);
    const asking = market.read({ ...market.request(), requestId }, signal).then((seen) => {
      if (seen.end !== undefined) this.answered.push(bytesToHex(requestId));
      this.#asking.delete(asking);
    });
    this.#asking.add(asking);
  }

  async #leave(client: AbortController): Promise<void> {
    for (let turns = this.random.integer(30); turns > 0; turns--) await nextTurn();
    client.abort();
  }

  async #crash(): Promise<void> {
    const { market, death } = this.replicas.splice(this.random.integer(this.replicas.length), 1)[0] as Replica;
    death.now = true;
    this.#connections.get(market)?.abort();
    await this.startReplica();
    await this.#adoptOrphans();
  }

  // What the lease would do in time: everything that no living process relays is left to the journals.
  async #adoptOrphans(): Promise<void> {
    const living = new Set(this.replicas.map(({ market }) => market.instance));
    const records = await this.money.settlements({ accountId: undefined, limit: 10_000, after: undefined });
    const relaying = new Set(records.flatMap(({ relayedBy }) => (relayedBy === undefined ? [] : [relayedBy])));
    for (const instance of relaying) {
      if (!living.has(instance)) await this.money.endRelaysOf(instance, this.clock.now() + 3_600_000);
    }
  }

  async #register(provider: ScriptedProvider): Promise<void> {
    const quote = { requestPrice: BigInt(this.random.integer(9)) };
    const message = registrationMessage(provider, [{ ...chatOffer, quote }]);
    await this.random
      .pick(this.replicas)
      .market.client.registerProvider(message)
      .catch(() => undefined);
    for (const { market } of this.replicas) await market.beat(provider).catch(() => undefined);
  }

  /** Registers everybody once, with every replica knowing. */
  async begin(): Promise<void> {
    await this.money.openAccount({ requestId: "open", accountId, consumer, limit: 1_000_000n, now: this.clock.now() });
    await this.startReplica();
    await this.startReplica();
    for (const provider of this.providers) {
      const [first, second] = this.replicas;
      await first?.market.client.registerProvider(registrationMessage(provider, [chatOffer]));
      await second?.market.client.registerProvider(registrationMessage(provider, [chatOffer]));
    }
  }

  #script(requestId: Hex): Script {
    const beforeChunk = async () => {
      for (let turns = this.random.integer(3); turns > 0; turns--) await nextTurn();
    };
    const stream: Script = { contentType: "text/event-stream", chunks: eventsOf(["a", "b", "c"]), beforeChunk };
    const kind = this.random.integer(20);
    if (kind < 6) return { chunks: [completionOf("hello")], beforeChunk };
    if (kind < 12) return stream;
    if (kind < 14)
      return { beforeHead: () => Promise.reject(unavailable()), breakAt: { place: 0, error: unavailable() } };
    if (kind < 16) return { ...stream, breakAt: { place: this.random.integer(4), error: unavailable() } };
    if (kind < 17) return { status: 400, chunks: ["{}"] };
    this.lied.add(requestId);
    if (kind === 17) return { ...stream, receipt: { fee: 6n } };
    if (kind === 18) return { ...stream, send: () => [] };
    return { ...stream, receipt: { inputHash: `0x${"ab".repeat(32)}` } };
  }

  #shuffled<T>(items: T[]): T[] {
    for (let at = items.length - 1; at > 0; at--) {
      const other = this.random.integer(at + 1);
      [items[at], items[other]] = [items[other] as T, items[at] as T];
    }
    return items;
  }
}

const receiptOf = (message: ScriptedProvider["journal"][number]) =>
  receiptDocument.struct.decode(message.receipt?.content ?? new Uint8Array());
const isBehind = (receipt: Receipt, refused: Receipt) =>
  receipt.session === refused.session && receipt.sequence > refused.sequence;
const isIdle = ({ name, detail }: { name: string; detail?: string }) =>
  name === "settlements" && detail === "0 pending";

describe("whatever happens in whatever order", () => {
  test.each(seeds)("seed %i: paid once, for what was proved, and nothing is lost", async (seed) => {
    const world = new World(seed);
    await world.begin();
    for (let step = 0; step < steps; step++) await world.step();
    await world.settleDown();

    const records = await world.money.settlements({ accountId: undefined, limit: 10_000, after: undefined });
    const settled = records.filter(({ state }) => state === "settled");
    // Every request came to one end, and none was paid twice.
    expect(records.filter(({ state }) => state === "reserved")).toEqual([]);
    expect([...world.settled.values()].filter((times) => times !== 1)).toEqual([]);
    expect(new Set(world.settled.keys())).toEqual(new Set(settled.map(({ requestId }) => requestId)));
    // Whoever saw the end of an answer has a settlement for it.
    const paid = new Set(settled.map(({ requestId }) => requestId));
    expect(world.answered.filter((requestId) => !paid.has(requestId))).toEqual([]);
    expect(world.answered.length).toBeGreaterThan(5);
    // The budget gave what the fees are, and every credit is somebody's debit.
    const account = await world.money.account(accountId);
    const fees = settled.reduce((sum, { fee }) => sum + (fee ?? 0n), 0n);
    expect(account).toMatchObject({ spent: fees, reserved: 0n });
    const totals = world.money.ledger.accounts().map((each) => each.creditsPosted - each.debitsPosted);
    expect(totals.reduce((sum, balance) => sum + balance, 0n)).toBe(0n);
    // Events are what was settled, each once, and every session is one chain in the order of the events.
    const events = await world.money.unlogged(Number.MAX_SAFE_INTEGER, 10_000);
    expect(events.map(({ receiptId }) => receiptId).sort()).toEqual(settled.map(({ receiptId }) => receiptId).sort());
    const sessions = new Map<Hex, { sequence: bigint; id: Hex }>();
    for (const { payload, receiptId } of events) {
      const receipt = receiptOf({
        receipt: SettledReceipt.decode(payload).receipt,
        input: undefined,
        output: undefined,
      });
      const before = sessions.get(receipt.session);
      expect(receipt.sequence).toBe(before === undefined ? 0n : before.sequence + 1n);
      if (before !== undefined) expect(receipt.previous).toBe(before.id);
      sessions.set(receipt.session, { sequence: receipt.sequence, id: receiptId });
    }
    await world.stop();
  });
});
