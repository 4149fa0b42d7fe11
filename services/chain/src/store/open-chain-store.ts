import { createHash } from "node:crypto";
import { type Account, emptyCodeHash } from "@koinon/ethereum/account";
import { blockHash } from "@koinon/ethereum/block-header";
import { type Genesis, genesisHeader } from "@koinon/ethereum/genesis";
import type { StateChanges } from "@koinon/ethereum/state-access";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { type StateOptions, StateStore } from "@koinon/state/state-store";
import { blockSize } from "../engine/block-size.ts";
import { ChainError } from "../errors.ts";
import type { ExecutedBlock } from "../executed-block.ts";
import { writeBlock } from "./block-writes.ts";
import { ChainStore, writeMark } from "./chain-store.ts";
import { chainTables, markKeys } from "./tables.ts";

/**
 * Opens the chain in a folder, or begins it there. Throws ChainError `GENESIS_MISMATCH` when it began with another block, and
 * StateError when what is there can not be read.
 */
export async function openChainStore(options: Omit<StateOptions, "tables">, genesis: Genesis): Promise<ChainStore> {
  const state = new StateStore({ ...options, tables: Object.values(chainTables) });
  try {
    const store = new ChainStore(state);
    if (state.head === undefined) await commitGenesis(state, genesis);
    else await assertSameGenesis(store, genesis);
    return store;
  } catch (error) {
    await state.close();
    throw error;
  }
}

/** The state that a genesis file makes of nothing. */
export function genesisChanges({ alloc }: Genesis): StateChanges {
  const accounts = new Map<Address, Account>();
  const storage = new Map<Address, ReadonlyMap<bigint, bigint>>();
  const code = new Map<Hex, Uint8Array>();
  for (const [address, { nonce, balance, code: bytes, storage: words }] of alloc) {
    const codeHash = bytes.length === 0 ? emptyCodeHash : bytesToHex(keccak256(bytes));
    accounts.set(address, { nonce, balance, codeHash });
    if (bytes.length > 0) code.set(codeHash, bytes);
    if (words.size > 0) storage.set(address, words);
  }
  return { accounts, storage, clearedStorage: new Set(), code };
}

async function commitGenesis(state: StateStore, genesis: Genesis): Promise<void> {
  const candidate = state.prepare(undefined, genesisChanges(genesis));
  const header = genesisHeader(genesis, candidate.root);
  const block: ExecutedBlock = {
    hash: blockHash(header),
    header,
    transactions: [],
    withdrawals: [],
    outcomes: [],
    requests: [],
    sizeBytes: blockSize(header, [], []),
    changed: [],
  };
  const { hash } = block;
  const id = { number: header.number, hash, parentHash: header.parentHash };
  await state.commit(candidate, id, {
    write: (tables) => {
      writeBlock(tables, block);
      writeMark(tables, markKeys.genesis, allocDigest(genesis));
    },
  });
}

/** Accounts are compared by digest; only when it differs is the state made again, which takes ten seconds per million accounts. */
async function assertSameGenesis(store: ChainStore, genesis: Genesis): Promise<void> {
  const stored = store.headerAt(0n);
  if (stored === undefined) throw new ChainError({ code: "CHAIN_STORE_CORRUPT", where: "genesis" });
  const digest = allocDigest(genesis);
  const isKnown = store.mark(markKeys.genesis) === digest;
  const stateRoot = isKnown ? stored.header.stateRoot : genesisRoot(store, genesis);
  const given = blockHash(genesisHeader(genesis, stateRoot));
  if (given !== stored.hash) throw new ChainError({ code: "GENESIS_MISMATCH", stored: stored.hash, given });
  if (!isKnown) await store.state.write((tables) => writeMark(tables, markKeys.genesis, digest));
}

function genesisRoot({ state }: ChainStore, genesis: Genesis): Hex {
  const candidate = state.prepare(undefined, genesisChanges(genesis));
  candidate.discard();
  return candidate.root;
}

/** 64 bits of SHA-256 over the accounts in the file's order. */
function allocDigest({ alloc }: Genesis): bigint {
  const hash = createHash("sha256");
  for (const [address, { nonce, balance, code, storage }] of alloc) {
    hash.update(`${address} ${nonce} ${balance} ${code.length} ${storage.size} `);
    if (code.length > 0) hash.update(code);
    for (const [slot, word] of storage) hash.update(`${slot} ${word} `);
  }
  return hash.digest().readBigUInt64BE();
}
