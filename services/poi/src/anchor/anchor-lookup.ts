import type { Database } from "@koinon/postgres/database";
import { anchorHeadersMax } from "@koinon/receipts/bundle-anchor";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { BoundedCache } from "../settled/bounded-cache.ts";
import { type Anchor, anchorAbove, anchorBetween, type RegistryPlace } from "../store/anchor-store.ts";
import { AnchorError } from "./anchor-error.ts";
import type { Chain, ChainBlock } from "./chain.ts";

/** Which anchors the reader of a proof can check: those of these blocks or of blocks shortly before; any when there are none. */
export interface AnchorWish {
  readonly blocks: readonly Uint8Array[];
  /** Without an anchor there is no proof. */
  readonly required: boolean;
}

/** An anchor with the headers from its block to one that the reader trusts. */
export interface LinkedAnchor {
  readonly registry: Hex;
  readonly anchor: Anchor;
  readonly headers: readonly Uint8Array[];
}

const blocksKept = 2_048;
// A reader waits: what the chain does not tell soon is left out, and found at the next request, when more of it is known.
const searchMs = 3_000;
// Neither a node that is away nor a block that it does not know is asked for at every request.
const askAgainMs = 5_000;

/** Finds anchors that a reader can check. */
export class AnchorLookup {
  readonly #place: RegistryPlace;
  readonly #database: Database;
  readonly #chain: Pick<Chain, "block">;
  /** By hash: what a hash names never changes. */
  readonly #blocks = new BoundedCache<Hex, ChainBlock>(blocksKept);
  /** By hash: when to ask for it again. */
  readonly #unknown = new BoundedCache<Hex, number>(blocksKept);
  readonly #clock: { now(): number };
  #awayUntilMs = 0;

  constructor(
    place: RegistryPlace,
    dependencies: {
      readonly database: Database;
      /** Patient for a single short attempt. */
      readonly chain: Pick<Chain, "block">;
      readonly clock: { now(): number };
    },
  ) {
    this.#place = place;
    this.#database = dependencies.database;
    this.#chain = dependencies.chain;
    this.#clock = dependencies.clock;
  }

  /** The newest anchor of a checkpoint larger than a leaf index that the reader can check; undefined when there is none now. */
  async find(index: bigint, { blocks }: AnchorWish, signal: AbortSignal): Promise<LinkedAnchor | undefined> {
    const { registry } = this.#place;
    const direct = await anchorAbove(this.#database, this.#place, { index, blocks });
    if (direct !== undefined) return { registry, anchor: direct, headers: [direct.header] };
    if (blocks.length === 0 || this.#clock.now() < this.#awayUntilMs) return undefined;
    const inTime = AbortSignal.any([signal, AbortSignal.timeout(searchMs)]);
    try {
      for (const block of blocks) {
        const linked = await this.#linkTo(bytesToHex(block), index, inTime);
        if (linked !== undefined) return linked;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!inTime.aborted && !(error instanceof AnchorError)) throw error;
      // Without the chain there is only what stands in the database.
      if (!inTime.aborted) this.#awayUntilMs = this.#clock.now() + askAgainMs;
    }
    return undefined;
  }

  async #linkTo(trusted: Hex, index: bigint, signal: AbortSignal): Promise<LinkedAnchor | undefined> {
    const last = await this.#block(trusted, signal);
    if (last === undefined) return undefined;
    const range = { index, first: last.number - BigInt(anchorHeadersMax - 1), last: last.number - 1n };
    const anchor = await anchorBetween(this.#database, this.#place, range);
    if (anchor === undefined) return undefined;
    const headers = await this.#headersTo(last, anchor, signal);
    return headers && { registry: this.#place.registry, anchor, headers };
  }

  /** Headers from the anchor's block to this one; undefined when that is no ancestor of this. */
  async #headersTo(last: ChainBlock, anchor: Anchor, signal: AbortSignal): Promise<Uint8Array[] | undefined> {
    const headers: Uint8Array[] = [];
    let block: ChainBlock | undefined = last;
    while (block !== undefined && block.number > anchor.blockNumber) {
      headers.unshift(block.rlp);
      block = await this.#block(block.parentHash, signal);
    }
    return block?.hash === anchor.blockHash ? [anchor.header, ...headers] : undefined;
  }

  async #block(hash: Hex, signal: AbortSignal): Promise<ChainBlock | undefined> {
    const known = this.#blocks.get(hash);
    if (known !== undefined || this.#clock.now() < (this.#unknown.get(hash) ?? 0)) return known;
    const block = await this.#chain.block(hash, signal);
    if (block === undefined) this.#unknown.set(hash, this.#clock.now() + askAgainMs);
    else this.#blocks.set(hash, block);
    return block;
  }
}
