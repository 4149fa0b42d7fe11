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

/** Finds anchors that a reader can check. */
export class AnchorLookup {
  readonly #place: RegistryPlace;
  readonly #database: Database;
  readonly #chain: Chain;
  /** By hash: what a hash names never changes. */
  readonly #blocks = new BoundedCache<Hex, ChainBlock>(blocksKept);

  constructor(place: RegistryPlace, dependencies: { readonly database: Database; readonly chain: Chain }) {
    this.#place = place;
    this.#database = dependencies.database;
    this.#chain = dependencies.chain;
  }

  /** The newest anchor of a checkpoint larger than a leaf index that the reader can check; undefined when there is none now. */
  async find(index: bigint, { blocks }: AnchorWish, signal: AbortSignal): Promise<LinkedAnchor | undefined> {
    const { registry } = this.#place;
    const direct = await anchorAbove(this.#database, this.#place, { index, blocks });
    if (direct !== undefined) return { registry, anchor: direct, headers: [direct.header] };
    for (const block of blocks) {
      const linked = await this.#linkTo(bytesToHex(block), index, signal);
      if (linked !== undefined) return linked;
    }
    return undefined;
  }

  async #linkTo(trusted: Hex, index: bigint, signal: AbortSignal): Promise<LinkedAnchor | undefined> {
    const { registry } = this.#place;
    try {
      const last = await this.#block(trusted, signal);
      if (last === undefined) return undefined;
      const range = { index, first: last.number - BigInt(anchorHeadersMax - 1), last: last.number - 1n };
      const anchor = await anchorBetween(this.#database, this.#place, range);
      if (anchor === undefined) return undefined;
      const headers = await this.#headersTo(last, anchor, signal);
      return headers && { registry, anchor, headers };
    } catch (error) {
      // Without the chain there is only what stands in the database.
      if (error instanceof AnchorError) return undefined;
      throw error;
    }
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
    if (known !== undefined) return known;
    const block = await this.#chain.block(hash, signal);
    if (block !== undefined) this.#blocks.set(hash, block);
    return block;
  }
}
