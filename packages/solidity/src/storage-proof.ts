import { EthereumError } from "@koinon/ethereum/fault";
import { RlpReader } from "@koinon/ethereum/rlp-reader";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes, isHex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { emptyRoot } from "@koinon/trie/node-reader";
import { verifyProof } from "@koinon/trie/proof";

/** Slots of one account proved under a state root: the nodes that eth_getProof (EIP-1186) gives, without what follows from them. */
export interface StorageProof {
  /** RLP nodes from the state root to the account, or to where its absence shows. */
  readonly account: readonly Hex[];
  /** RLP nodes from the account's storage root to each slot, in the order in which the slots were asked for. */
  readonly slots: readonly (readonly Hex[])[];
}

/** What is used of the result of eth_getProof. */
export interface ProofReply {
  readonly accountProof: readonly Hex[];
  readonly storageProof: readonly { readonly proof: readonly Hex[] }[];
}

/** Keeps the nodes of a reply of eth_getProof. */
export function storageProofFromReply({ accountProof, storageProof }: ProofReply): StorageProof {
  return { account: accountProof, slots: storageProof.map(({ proof }) => proof) };
}

/**
 * The words in slots of an account under a state root, 0n where nothing is stored; undefined when the proof does not show
 * them. Never throws: what is malformed shows nothing. Needs no network and trusts the root alone.
 */
export function verifyStorageProof(
  { stateRoot, address, slots }: { stateRoot: Hex; address: Address; slots: readonly Hex[] },
  proof: StorageProof,
): readonly bigint[] | undefined {
  if (proof.slots.length !== slots.length) return undefined;
  const account = provedValue(stateRoot, address, proof.account);
  if (account === undefined) return undefined;
  const storageRoot = account.length === 0 ? bytesToHex(emptyRoot) : readStorageRoot(account);
  if (storageRoot === undefined) return undefined;

  const words: bigint[] = [];
  for (const [index, slot] of slots.entries()) {
    const value = provedValue(storageRoot, slot, proof.slots[index] ?? []);
    const word = value === undefined ? undefined : readWord(value);
    if (word === undefined) return undefined;
    words.push(word);
  }
  return words;
}

/** The value at the hash of a key, empty when it is absent; undefined when the proof is not valid. */
function provedValue(root: Hex, key: Hex, nodes: readonly Hex[]): Uint8Array | undefined {
  if (!isHex(root, 32) || !nodes.every((node) => isHex(node))) return undefined;
  const verdict = verifyProof(hexToBytes(root), keccak256(hexToBytes(key)), nodes.map(hexToBytes));
  if (!verdict.valid) return undefined;
  return verdict.value ?? new Uint8Array(0);
}

/** Yellow paper, section 4.1: an account is nonce, balance, storage root and code hash. */
function readStorageRoot(account: Uint8Array): Hex | undefined {
  return readRlp(account, (reader) => {
    const fields = reader.list();
    fields.integer(8);
    fields.integer(32);
    const storageRoot = fields.hex(32);
    fields.fixedBytes(32);
    fields.finish();
    return storageRoot;
  });
}

function readWord(value: Uint8Array): bigint | undefined {
  return value.length === 0 ? 0n : readRlp(value, (reader) => reader.integer(32));
}

function readRlp<T>(bytes: Uint8Array, read: (reader: RlpReader) => T): T | undefined {
  try {
    const reader = new RlpReader(bytes);
    const value = read(reader);
    reader.finish();
    return value;
  } catch (error) {
    if (error instanceof EthereumError) return undefined;
    throw error;
  }
}
