/** What a node of the chain says of a block, asked just now. */
export type ChainWord =
  | { readonly kind: "finalized"; readonly number: bigint; readonly rpc: string }
  /** It has no such block, or has not finalized it. */
  | { readonly kind: "unknown"; readonly rpc: string }
  /** There is no node, or it does not answer. */
  | { readonly kind: "unreachable" };

/** What a chain node works with. */
export interface ChainNodeDependencies {
  /** JSON-RPC of the chain; null when the deployment names none. */
  address(): Promise<string | null>;
  fetch(url: string, init: RequestInit): Promise<Response>;
}

interface Block {
  readonly number: bigint;
  readonly hash: string;
}

const timeoutMs = 3_000;
const rememberedMax = 256;

/** A node of the chain that the log is anchored to, asked over its JSON-RPC by this browser itself. */
export class ChainNode {
  readonly #dependencies: ChainNodeDependencies;
  /** A final block stays final. */
  readonly #final = new Map<string, ChainWord>();
  #address: string | null = null;

  constructor(dependencies: ChainNodeDependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether the node answers. */
  async isReachable(): Promise<boolean> {
    try {
      const rpc = await this.#find();
      return rpc !== null && (await this.#block(rpc, "eth_getBlockByNumber", "finalized")) !== null;
    } catch {
      return false;
    }
  }

  /** Whether a block is of the chain, and final. Never rejects. */
  async ask(hash: string): Promise<ChainWord> {
    const known = this.#final.get(hash);
    if (known !== undefined) return known;
    try {
      const rpc = await this.#find();
      return rpc === null ? { kind: "unreachable" } : await this.#look(rpc, hash);
    } catch {
      return { kind: "unreachable" };
    }
  }

  async #look(rpc: string, hash: string): Promise<ChainWord> {
    const found = await this.#block(rpc, "eth_getBlockByHash", hash);
    if (found === null) return { kind: "unknown", rpc };
    const standing = await this.#block(rpc, "eth_getBlockByNumber", `0x${found.number.toString(16)}`);
    const finalized = await this.#block(rpc, "eth_getBlockByNumber", "finalized");
    if (standing?.hash !== hash || finalized === null || found.number > finalized.number)
      return { kind: "unknown", rpc };
    const word: ChainWord = { kind: "finalized", number: found.number, rpc };
    if (this.#final.size >= rememberedMax) this.#final.clear();
    this.#final.set(hash, word);
    return word;
  }

  async #find(): Promise<string | null> {
    this.#address ??= await this.#dependencies.address();
    return this.#address;
  }

  async #block(rpc: string, method: string, which: string): Promise<Block | null> {
    const response = await this.#dependencies.fetch(rpc, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method, params: [which, false] }),
      signal: AbortSignal.timeout(timeoutMs),
      cache: "no-store",
    });
    const { result, error } = (await response.json()) as {
      result?: { number: string; hash: string } | null;
      error?: unknown;
    };
    if (error !== undefined || result === undefined) throw new Error(`${rpc} refused ${method}`);
    return result === null ? null : { number: BigInt(result.number), hash: result.hash };
  }
}
