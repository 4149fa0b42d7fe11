import { createRequire } from "node:module";
import { createBlock } from "@ethereumjs/block";
import { createCustomCommon, Hardfork, Mainnet } from "@ethereumjs/common";
import { MerklePatriciaTrie } from "@ethereumjs/mpt";
import { Caches, CacheType, MerkleStateManager } from "@ethereumjs/statemanager";
import { createTxFromRLP } from "@ethereumjs/tx";
import { MapDB, ValueEncoding } from "@ethereumjs/util";
import { createVM, runTx, type VM } from "@ethereumjs/vm";
import { keccak256 } from "@koinon/secp256k1/keccak";
import type { ThroughputFigures } from "@koinon/testkit/chain-bench-results";
import { benchAccounts, blockGas, type StateSize } from "./bench-state.ts";
import type { SignedLoad } from "./signed-load.ts";
import { buildTrie } from "./trie-nodes.ts";

/** The binding of libsecp256k1 that our node uses, as far as it is needed here. */
interface NativeCurve {
  ecdsaRecover(signature: Uint8Array, recovery: number, hash: Uint8Array, compressed: boolean): Uint8Array;
}

const secp256k1 = createRequire(import.meta.url)("secp256k1") as NativeCurve;
const transactionsPerBlock = 2_000;
const cached = { size: 200_000, type: CacheType.LRU };

/** A load by the name of its workload. */
export interface NamedLoad {
  readonly name: string;
  readonly load: SignedLoad;
}

/**
 * What a chain on @ethereumjs/vm would do with loads: raw bytes are decoded, senders recovered, transactions run, and the state
 * root is computed and flushed for each block of 2,000; hashes and recovery are the native ones that our node uses. There is no network, pool,
 * block, receipt trie or disk.
 */
export async function* runEthereumjs(size: StateSize, loads: readonly NamedLoad[]): AsyncIterable<object> {
  const common = createCustomCommon({ chainId: 31_337 }, Mainnet, {
    hardfork: Hardfork.Prague,
    customCrypto: {
      keccak256,
      ecrecover: (hash, v, r, s) =>
        secp256k1.ecdsaRecover(join(r, s), Number(v > 1n ? v - 27n : v), hash, false).subarray(1),
    },
  });
  const nodes = new Map<string, string | Uint8Array>();
  const root = buildTrie(benchAccounts(size), nodes);
  const db = new MapDB<string, string | Uint8Array>(nodes);
  const options = { root, useKeyHashing: true, valueEncoding: ValueEncoding.Bytes, common };
  const trie = new MerklePatriciaTrie({ ...options, db });
  const caches = new Caches({ account: cached, storage: cached, code: cached });
  const stateManager = new MerkleStateManager({ common, trie, caches, prefixCodeHashes: false });
  const vm = await createVM({ common, stateManager });
  let number = 0n;
  for (const { name, load } of loads) {
    const cpu = process.cpuUsage();
    const started = performance.now();
    let successful = 0;
    for (let start = 0; start < load.length; start += transactionsPerBlock) {
      number++;
      successful += await runBlock(vm, number, load.slice(start, Math.min(start + transactionsPerBlock, load.length)));
    }
    const seconds = (performance.now() - started) / 1000;
    const { user, system } = process.cpuUsage(cpu);
    const figures: ThroughputFigures = {
      ...{ transactions: load.length, successful, successfulPerSecond: successful / seconds, seconds },
      ...{ cpuSeconds: (user + system) / 1e6, residentMb: process.memoryUsage.rss() / 1e6 },
    };
    yield { name, figures };
  }
}

async function runBlock(vm: VM, number: bigint, load: SignedLoad): Promise<number> {
  const { common } = vm;
  const header = { number, timestamp: 1_700_000_000n + number, gasLimit: blockGas, baseFeePerGas: 1_000_000_000n };
  const block = createBlock({ header }, { common });
  let successful = 0;
  for (let index = 0; index < load.length; index++) {
    const tx = createTxFromRLP(load.raw(index), { common });
    const { execResult } = await runTx(vm, { tx, block, skipBlockGasLimitValidation: true });
    if (execResult.exceptionError === undefined) successful++;
  }
  await vm.stateManager.getStateRoot();
  return successful;
}

function join(r: Uint8Array, s: Uint8Array): Uint8Array {
  const signature = new Uint8Array(64);
  signature.set(r, 32 - r.length);
  signature.set(s, 64 - s.length);
  return signature;
}
