import type { Hex } from "@koinon/secp256k1/hex";
import type { ChainReader } from "../../chain-view.ts";

/** How the tip is suggested. */
export interface TipOracleOptions {
  /** Blocks that are looked at, from the head back. */
  readonly blocks: number;
  /** Of the lowest tips of these blocks, the one at this percentile is suggested. */
  readonly percentile: number;
  /** Lowest tips taken from each block. */
  readonly samplesPerBlock: number;
  /** Wei per gas: the suggestion while nobody pays, and the bounds of it. */
  readonly initial: bigint;
  readonly least: bigint;
  readonly most: bigint;
}

/** Close to go-ethereum's oracle; a chain whose blocks are not full suggests little. */
export const defaultTipOptions: TipOracleOptions = {
  blocks: 20,
  percentile: 60,
  samplesPerBlock: 3,
  initial: 1_000_000_000n,
  least: 1n,
  most: 500_000_000_000n,
};

/** Suggests a priority fee from what recent transactions paid; each block is read once. */
export class TipOracle {
  readonly #options: TipOracleOptions;
  readonly #reader: Pick<ChainReader, "head" | "header" | "fees">;
  /** Lowest tips of the blocks that were looked at, by hash; reading a full block takes as long as building a part of one. */
  readonly #lowest = new Map<Hex, readonly bigint[]>();
  #head: Hex | undefined;
  #suggestion: bigint;

  constructor(options: TipOracleOptions, reader: Pick<ChainReader, "head" | "header" | "fees">) {
    this.#options = options;
    this.#reader = reader;
    this.#suggestion = options.initial;
  }

  /** Wei per gas. */
  suggest(): bigint {
    const { hash, header } = this.#reader.head();
    if (hash === this.#head) return this.#suggestion;
    const { blocks, percentile, least, most } = this.#options;
    const samples: bigint[] = [];
    for (let offset = 0n; offset < BigInt(blocks) && offset < header.number; offset++) {
      samples.push(...this.#lowestTips(header.number - offset));
    }
    if (samples.length > 0) {
      samples.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
      const tip = samples[Math.floor(((samples.length - 1) * percentile) / 100)] as bigint;
      this.#suggestion = tip;
      if (tip < least) this.#suggestion = least;
      if (tip > most) this.#suggestion = most;
    }
    this.#head = hash;
    return this.#suggestion;
  }

  #lowestTips(number: bigint): readonly bigint[] {
    const hash = this.#reader.header(number)?.hash;
    if (hash === undefined) return [];
    const known = this.#lowest.get(hash);
    if (known !== undefined) return known;
    const tips = this.#reader.fees(number)?.tips.map(({ tip }) => tip) ?? [];
    const lowest = tips.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).slice(0, this.#options.samplesPerBlock);
    if (this.#lowest.size >= 4 * this.#options.blocks) this.#lowest.clear();
    this.#lowest.set(hash, lowest);
    return lowest;
  }
}
