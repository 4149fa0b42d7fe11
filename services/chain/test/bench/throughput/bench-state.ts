import { createWriteStream } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { keccakHex } from "@koinon/ethereum/hash";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { testGenesis } from "../../chain/test-genesis.ts";
import { signerOf } from "../../sample-transactions.ts";
import { deployPair, deployToken, pair, tokenStorage, tokens } from "./bench-contracts.ts";

/** Gas of a block, which a node makes every second: 28,571 plain transfers. */
export const blockGas = 600_000_000n;

/** How large the state is: its accounts, the first of which have keys. */
export interface StateSize {
  readonly accounts: number;
  readonly keyed: number;
}

/** An account that is there before the first block. */
export interface BenchAccount {
  readonly address: Address;
  readonly balance: bigint;
  readonly code?: Uint8Array;
  readonly storage?: Iterable<readonly [slot: bigint, word: bigint]>;
}

const balance = 10n ** 22n;

/** The address of an account: of one with a key, or of one that nobody has the key of. */
export function accountAddress(index: number, { keyed }: StateSize): Address {
  if (index < keyed) return signerOf(index).address;
  return `0x${keccakHex(new TextEncoder().encode(`account ${index}`)).slice(26)}`;
}

/** All accounts: each has coin and holds the first token; those with keys hold both and let the exchange take them. */
export function* benchAccounts(size: StateSize): Iterable<BenchAccount> {
  const addresses = Array.from({ length: size.accounts }, (_, index) => accountAddress(index, size));
  for (const address of addresses) yield { address, balance };
  const traders = addresses.slice(0, size.keyed);
  const { code, storage } = deployToken();
  for (const [index, token] of tokens.entries()) {
    const holders = index === 0 ? addresses : traders;
    yield { address: token, balance: 0n, code, storage: chain(storage, tokenStorage(holders, traders)) };
  }
  yield { address: pair, balance: 0n, ...deployPair() };
}

function* chain<T>(...parts: readonly Iterable<T>[]): Iterable<T> {
  for (const part of parts) yield* part;
}

/** Writes the genesis file. */
export async function writeBenchGenesis(file: string, size: StateSize): Promise<void> {
  await pipeline(Readable.from(genesisPieces(size)), createWriteStream(file));
}

const piecesPerWrite = 1_000;

function* genesisPieces(size: StateSize): Iterable<string> {
  let pieces: string[] = [];
  for (const piece of genesisText(size)) {
    pieces.push(piece);
    if (pieces.length < piecesPerWrite) continue;
    yield pieces.join("");
    pieces = [];
  }
  yield pieces.join("");
}

function* genesisText(size: StateSize): Iterable<string> {
  const marker = `"0x":{"MORE":""}`;
  const alloc = { "0x": { MORE: "" } };
  const [before = "", after = ""] = testGenesis({ gasLimit: blockGas, fork: "prague", alloc }).split(marker);
  // The senders of the tests are in the text already.
  const known = new Set(before.match(/0x[0-9a-f]{40}/g));
  yield before;
  let separator = "";
  for (const account of benchAccounts(size)) {
    if (known.has(account.address)) continue;
    yield `${separator}"${account.address}":{"balance":"0x${account.balance.toString(16)}"`;
    separator = ",";
    if (account.code !== undefined) yield `,"nonce":"0x1","code":"${bytesToHex(account.code)}"`;
    if (account.storage !== undefined) yield* storageText(account.storage);
    yield "}";
  }
  yield after;
}

function* storageText(storage: Iterable<readonly [bigint, bigint]>): Iterable<string> {
  yield `,"storage":{`;
  let separator = "";
  for (const [slot, word] of storage) {
    yield `${separator}"${word256(slot)}":"${word256(word)}"`;
    separator = ",";
  }
  yield "}";
}

function word256(value: bigint): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}
