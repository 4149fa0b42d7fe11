import { setTimeout as delay } from "node:timers/promises";
import type { Bus } from "@koinon/bus/bus";
import { Committed } from "@koinon/contracts/koinon/chain/v1/committed";
import { hexToBytes } from "@koinon/secp256k1/hex";
import type { ChainHeader, ChainSubscriptions } from "../chain-view.ts";
import { type ChainStore, writeMark } from "../store/chain-store.ts";
import { markKeys } from "../store/tables.ts";

/** What the publisher works with. */
export interface CommittedPublisherDependencies {
  readonly chainId: bigint;
  readonly store: ChainStore;
  readonly subscriptions: ChainSubscriptions;
  readonly bus: Bus;
  readonly clock: { now(): number };
  /** Told of each block that the bus has. */
  published(block: ChainHeader): void;
  /** Told of each failure; publishing goes on by itself. */
  failed(error: unknown): void;
}

const retryMs = 1_000;
/** How often the place is kept. What was published behind it is published again after a crash, under the same id. */
const keepEveryMs = 1_000;

/** Tells the bus of every block on disk, in order and at least once, also of those that were committed while the bus was away. */
export class CommittedPublisher {
  private readonly dependencies: CommittedPublisherDependencies;
  private published: bigint;
  private keptAtMs: number;

  constructor(dependencies: CommittedPublisherDependencies) {
    const { store, clock } = dependencies;
    this.dependencies = dependencies;
    this.published = store.mark(markKeys.published) ?? 0n;
    this.keptAtMs = clock.now();
  }

  /** Publishes until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.follow(signal);
      } catch (error) {
        this.dependencies.failed(error);
        await delay(retryMs, undefined, { signal }).catch(() => undefined);
      }
    }
    await this.keep();
  }

  private async follow(signal: AbortSignal): Promise<void> {
    const { store, subscriptions, clock } = this.dependencies;
    const { header, hash: headHash } = store.head();
    // A reorganisation that nobody saw may have left a shorter chain.
    if (header.number < this.published) this.published = header.number;
    const cursor = `${this.published}-${store.hashAt(this.published) ?? headHash}`;
    for await (const { kind, block } of subscriptions.blocks({ cursor, signal })) {
      // What was undone is not taken back: what comes in its place has the same number.
      if (kind === "added") await this.publish(block);
      this.published = kind === "added" ? block.header.number : block.header.number - 1n;
      if (clock.now() - this.keptAtMs >= keepEveryMs) await this.keep();
    }
  }

  private async publish(block: ChainHeader): Promise<void> {
    const { chainId, bus } = this.dependencies;
    const { hash, header, transactionCount } = block;
    const payload = Committed.encode({
      chainId,
      number: header.number,
      hash: hexToBytes(hash),
      parentHash: hexToBytes(header.parentHash),
      stateRoot: hexToBytes(header.stateRoot),
      timestamp: header.timestamp,
      transactionCount,
      gasUsed: header.gasUsed,
    }).finish();
    await bus.publish({ subject: `koinon.chain.v1.committed.${chainId}`, id: hash, payload });
    this.dependencies.published(block);
  }

  private async keep(): Promise<void> {
    const { store, clock } = this.dependencies;
    if (store.mark(markKeys.published) === this.published) return;
    await store.state.write((tables) => writeMark(tables, markKeys.published, this.published));
    this.keptAtMs = clock.now();
  }
}
