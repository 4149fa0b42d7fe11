import { type BlockHeader, blockHash, emptyTrieRoot, emptyUnclesHash, zeroNonce } from "@koinon/ethereum/block-header";
import { logsBloom } from "@koinon/ethereum/bloom";
import type { Log } from "@koinon/ethereum/log";
import { emptyRequestsHash } from "@koinon/ethereum/requests";
import { encodeTransaction } from "@koinon/ethereum/transaction-encode";
import { signTransaction } from "@koinon/ethereum/transaction-signing";
import { zeroAddress } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { StateStore } from "@koinon/state/state-store";
import type { ExecutedBlock } from "../../src/executed-block.ts";
import { writeBlock } from "../../src/store/block-writes.ts";
import { ChainStore } from "../../src/store/chain-store.ts";
import { chainTables } from "../../src/store/tables.ts";
import { signerOf, transfer } from "../sample-transactions.ts";

const zeroHash: Hex = `0x${"00".repeat(32)}`;
const nothing = { accounts: new Map(), storage: new Map(), clearedStorage: new Set<Hex>(), code: new Map() };
const signed = signTransaction(transfer(0, {}), signerOf(0));
const raw = encodeTransaction(signed);

/** A store with blocks whose transactions logged what is given: by block and transaction. */
export async function createLoggingChain(
  path: string,
  blocks: readonly (readonly (readonly Log[])[])[],
): Promise<ChainStore> {
  const state = new StateStore({ path, tables: Object.values(chainTables) });
  let parentHash = zeroHash;
  for (const [number, logs] of blocks.entries()) {
    const block = loggingBlock(BigInt(number), parentHash, logs);
    const { hash } = block;
    const candidate = state.prepare(state.head?.hash, nothing);
    const id = { number: block.header.number, hash, parentHash };
    await state.commit(candidate, id, { write: (tables) => writeBlock(tables, block) });
    parentHash = hash;
  }
  return new ChainStore(state);
}

function loggingBlock(number: bigint, parentHash: Hex, logs: readonly (readonly Log[])[]): ExecutedBlock {
  const header: BlockHeader = {
    ...{ parentHash, unclesHash: emptyUnclesHash, beneficiary: zeroAddress, stateRoot: zeroHash, number },
    ...{ transactionsRoot: emptyTrieRoot, receiptsRoot: emptyTrieRoot, logsBloom: logsBloom(logs.flat()) },
    ...{ difficulty: 0n, gasLimit: 30_000_000n, gasUsed: 0n, timestamp: number, extraData: new Uint8Array(0) },
    ...{ prevRandao: zeroHash, nonce: zeroNonce, baseFeePerGas: 7n, withdrawalsRoot: emptyTrieRoot },
    ...{ blobGasUsed: 0n, excessBlobGas: 0n, parentBeaconBlockRoot: zeroHash, requestsHash: emptyRequestsHash },
  };
  const transactions = logs.map((_, index) => {
    const hash = bytesToHex(keccak256(new TextEncoder().encode(`${number}/${index}`)));
    return { transaction: signed, raw, hash, sender: signerOf(0).address };
  });
  const outcomes = logs.map((each) => ({ succeeded: true, gasUsed: 21_000n, logs: each }));
  const hash = blockHash(header);
  return { hash, header, transactions, withdrawals: [], outcomes, requests: [], sizeBytes: 1_000, changed: [] };
}
