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
import { ChainStore } from "./chain-store.ts";
import { chainTables } from "./tables.ts";

/**
 * Opens the chain in a folder, or begins it there. Throws ChainError `GENESIS_MISMATCH` when it began with another block, and
 * StateError when what is there can not be read.
 */
export async function openChainStore(options: Omit<StateOptions, "tables">, genesis: Genesis): Promise<ChainStore> {
  const state = new StateStore({ ...options, tables: Object.values(chainTables) });
  try {
    const store = new ChainStore(state);
    if (state.head === undefined) await commitGenesis(state, genesis);
    else assertSameGenesis(store, genesis);
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
  await state.commit(candidate, id, { write: (tables) => writeBlock(tables, block) });
}

function assertSameGenesis(store: ChainStore, genesis: Genesis): void {
  const stored = store.hashAt(0n);
  if (stored === undefined) throw new ChainError({ code: "CHAIN_STORE_CORRUPT", where: "genesis" });
  const candidate = store.state.prepare(undefined, genesisChanges(genesis));
  candidate.discard();
  const given = blockHash(genesisHeader(genesis, candidate.root));
  if (given !== stored) throw new ChainError({ code: "GENESIS_MISMATCH", stored, given });
}
