import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainReader } from "../../chain-view.ts";

/** How far back a reorganisation is noticed. */
const rememberedMax = 64;

/** How far a client has seen the chain. After a reorganisation it goes on from the last block that is still part of it. */
export class ChainPosition {
  readonly #reader: Pick<ChainReader, "head" | "header">;
  #seen: { readonly number: bigint; readonly hash: Hex }[];

  /** Begins behind the head. */
  constructor(reader: Pick<ChainReader, "head" | "header">) {
    this.#reader = reader;
    const { header, hash } = reader.head();
    this.#seen = [{ number: header.number, hash }];
  }

  /** The next blocks to look at, both ends included; `from` is greater than `to` when there are none. */
  next(blocksMax: bigint): { from: bigint; to: bigint } {
    const oldest = this.#seen[0]?.number ?? 0n;
    while (this.#seen.length > 0) {
      const last = this.#seen.at(-1);
      if (last !== undefined && this.#reader.header(last.number)?.hash === last.hash) break;
      this.#seen.pop();
    }
    const from = (this.#seen.at(-1)?.number ?? oldest) + 1n;
    const head = this.#reader.head().header.number;
    const to = from + blocksMax - 1n;
    return to > head ? { from, to: head } : { from, to };
  }

  /** Remembers that everything up to a block was seen. */
  advance(to: bigint): void {
    const last = this.#seen.at(-1)?.number ?? -1n;
    const span = BigInt(rememberedMax);
    const start = to - span >= last ? to - span + 1n : last + 1n;
    for (let number = start; number <= to; number++) {
      const hash = this.#reader.header(number)?.hash;
      if (hash !== undefined) this.#seen.push({ number, hash });
    }
    this.#seen = this.#seen.slice(-rememberedMax);
  }
}
