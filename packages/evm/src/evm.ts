import type { Fork } from "@koinon/ethereum/fork";
import { BlockExecution, type BlockExecutionOptions } from "./block-execution.ts";
import { CodeCache } from "./code-cache.ts";
import type { EvmDependencies } from "./dependencies.ts";
import { opcodesOf } from "./opcode-table.ts";
import { WordHash } from "./word-map.ts";

/** Settings of an Evm. */
export interface EvmOptions {
  readonly chainId: bigint;
  /** Bytes of code that are kept decoded, per fork; the decoded form takes about ten times as much. */
  readonly codeCacheBytes: number;
  /**
   * 256 unpredictable bits, different in every process, against contracts that choose storage slots which collide in our maps: who
   * knows them can make a block take minutes. Results do not depend on them.
   */
  readonly hashSecret: bigint;
}

/** The Ethereum virtual machine of a chain: executes blocks, and keeps decoded code from one to the next. */
export class Evm {
  private readonly options: EvmOptions;
  private readonly dependencies: EvmDependencies;
  private readonly wordHash: WordHash;
  private readonly caches = new Map<Fork, CodeCache>();
  private readonly tracedCaches = new Map<Fork, CodeCache>();

  constructor(options: EvmOptions, dependencies: EvmDependencies) {
    this.options = options;
    this.dependencies = dependencies;
    this.wordHash = new WordHash(options.hashSecret);
  }

  /** Begins the execution of a block, or of a call in one, on top of a state. */
  beginBlock(options: Omit<BlockExecutionOptions, "chainId">): BlockExecution {
    const codeCache = this.codeCache(options.fork, options.tracer !== undefined);
    return new BlockExecution(
      { ...options, chainId: this.options.chainId },
      {
        ...this.dependencies,
        codeCache,
        wordHash: this.wordHash,
      },
    );
  }

  private codeCache(fork: Fork, traced: boolean): CodeCache {
    const caches = traced ? this.tracedCaches : this.caches;
    let cache = caches.get(fork);
    if (cache === undefined) {
      const decoding = { traced, interruptible: this.dependencies.interrupt !== undefined };
      cache = new CodeCache({ opcodes: opcodesOf(fork), decoding, sizeBytesMax: this.options.codeCacheBytes });
      caches.set(fork, cache);
    }
    return cache;
  }
}
