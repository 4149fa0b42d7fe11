import type { Address } from "@koinon/secp256k1/address";
import { type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { initialBaseFeePerGas } from "./base-fee.ts";
import { type BlockHeader, emptyTrieRoot, emptyUnclesHash } from "./block-header.ts";
import { bloomBytes } from "./bloom.ts";
import { type ChainConfig, parseChainConfig } from "./chain-config.ts";
import { EthereumError } from "./fault.ts";
import { isActive } from "./fork.ts";
import { GenesisObject, malformed } from "./genesis-json.ts";
import { emptyRequestsHash } from "./requests.ts";

/** An account that exists from the first block on. */
export interface GenesisAccount {
  readonly nonce: bigint;
  /** Wei. */
  readonly balance: bigint;
  readonly code: Uint8Array;
  /** Words by slot, none of them zero. */
  readonly storage: ReadonlyMap<bigint, bigint>;
}

/** How a chain begins, from a file in geth's format. */
export interface Genesis {
  readonly config: ChainConfig;
  readonly alloc: ReadonlyMap<Address, GenesisAccount>;
  /** The first block's header but for the root of the state that `alloc` makes. */
  readonly header: Omit<BlockHeader, "stateRoot">;
}

/** Reads a genesis file; throws EthereumError `GENESIS_MALFORMED` or `GENESIS_UNSUPPORTED` with the place in the file. */
export function parseGenesis(text: string): Genesis {
  const file = new GenesisObject("", parseJson(text));
  const config = parseChainConfig(file.object("config"), file.integer("timestamp", 64, 0n));
  return { config, alloc: parseAlloc(file.object("alloc")), header: parseHeader(file, config) };
}

/** The header of block 0. Its hash identifies the chain. */
export function genesisHeader(genesis: Genesis, stateRoot: Hex): BlockHeader {
  return { ...genesis.header, stateRoot };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new EthereumError({ code: "GENESIS_MALFORMED", path: "", reason: "not JSON" }, { cause });
  }
}

/** Gas limit of a genesis file that says 0, as geth reads it. */
const gasLimitDefault = 4_712_388n;

function parseHeader(file: GenesisObject, config: ChainConfig): Genesis["header"] {
  for (const name of ["number", "gasUsed"]) {
    if (file.integer(name, 64, 0n) !== 0n) {
      throw new EthereumError({ code: "GENESIS_UNSUPPORTED", path: name, reason: "must be 0" });
    }
  }
  const timestamp = file.integer("timestamp", 64, 0n);
  const gasLimit = file.integer("gasLimit", 64);
  const extraData = hexToBytes(file.hex("extraData", "0x"));
  if (extraData.length > 32) throw malformed("extraData", "more than 32 bytes");
  return {
    parentHash: file.fixedHex("parentHash", 32),
    unclesHash: emptyUnclesHash,
    beneficiary: file.fixedHex("coinbase", 20),
    transactionsRoot: emptyTrieRoot,
    receiptsRoot: emptyTrieRoot,
    logsBloom: new Uint8Array(bloomBytes),
    difficulty: file.integer("difficulty", 256),
    number: 0n,
    gasLimit: gasLimit === 0n ? gasLimitDefault : gasLimit,
    gasUsed: 0n,
    timestamp,
    extraData,
    // Go reads member names whatever their case, and many files write this one without its capital.
    prevRandao: file.fixedHex(file.has("mixHash") ? "mixHash" : "mixhash", 32),
    nonce: `0x${file.integer("nonce", 64, 0n).toString(16).padStart(16, "0")}`,
    baseFeePerGas: file.integer("baseFeePerGas", 256, initialBaseFeePerGas),
    withdrawalsRoot: emptyTrieRoot,
    blobGasUsed: file.integer("blobGasUsed", 64, 0n),
    excessBlobGas: file.integer("excessBlobGas", 64, 0n),
    parentBeaconBlockRoot: `0x${"00".repeat(32)}`,
    requestsHash: isActive(config.forks.forkAt(timestamp), "prague") ? emptyRequestsHash : undefined,
  };
}

function parseAlloc(alloc: GenesisObject): Map<Address, GenesisAccount> {
  const accounts = new Map<Address, GenesisAccount>();
  for (const name of alloc.names()) {
    const path = `alloc.${name}`;
    const digits = name.toLowerCase().replace(/^0x/, "");
    if (!/^[0-9a-f]{40}$/.test(digits)) throw malformed(path, "not an address");
    const address: Address = `0x${digits}`;
    if (accounts.has(address)) throw malformed(path, "given twice");
    const account = alloc.object(name);
    accounts.set(address, {
      nonce: account.integer("nonce", 64, 0n),
      balance: account.integer("balance", 256),
      code: hexToBytes(account.hex("code", "0x")),
      storage: account.has("storage") ? parseStorage(account.object("storage")) : new Map(),
    });
  }
  return accounts;
}

function parseStorage(storage: GenesisObject): Map<bigint, bigint> {
  const words = new Map<bigint, bigint>();
  for (const name of storage.names()) {
    const slot = parseStorageWord(name);
    if (slot === undefined) throw malformed(`${storage.path}.${name}`, "not a slot");
    const value = parseStorageWord(storage.text(name));
    if (value === undefined) throw malformed(`${storage.path}.${name}`, "not a word");
    if (words.has(slot)) throw malformed(`${storage.path}.${name}`, "given twice");
    if (value !== 0n) words.set(slot, value);
  }
  return words;
}

/** Whole bytes of hex, with or without 0x, at most 32 of them: short ones are filled on the left. */
function parseStorageWord(text: string): bigint | undefined {
  const digits = text.replace(/^0x/i, "");
  if (!/^([0-9a-f]{2}){0,32}$/i.test(digits)) return undefined;
  return digits === "" ? 0n : BigInt(`0x${digits}`);
}
