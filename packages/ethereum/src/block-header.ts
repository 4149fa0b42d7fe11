import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { EthereumError } from "./fault.ts";
import { keccakHex } from "./hash.ts";
import { encodeRlp, type RlpInput } from "./rlp.ts";
import { RlpReader } from "./rlp-reader.ts";

/** A header with every field up to Osaka; amounts are wei, times seconds since the epoch. */
export interface BlockHeader {
  readonly parentHash: Hex;
  /** `emptyUnclesHash` since the merge (EIP-3675). */
  readonly unclesHash: Hex;
  /** Who gets the priority fees (EIP-3675's fee recipient). */
  readonly beneficiary: Address;
  readonly stateRoot: Hex;
  readonly transactionsRoot: Hex;
  readonly receiptsRoot: Hex;
  /** 256 bytes. */
  readonly logsBloom: Uint8Array;
  /** Zero since the merge, but for a genesis block. */
  readonly difficulty: bigint;
  readonly number: bigint;
  readonly gasLimit: bigint;
  readonly gasUsed: bigint;
  readonly timestamp: bigint;
  /** At most 32 bytes. */
  readonly extraData: Uint8Array;
  /** 32 bytes (EIP-4399); the field was called mixHash. */
  readonly prevRandao: Hex;
  /** 8 bytes, zero since the merge, but for a genesis block. */
  readonly nonce: Hex;
  /** EIP-1559. */
  readonly baseFeePerGas: bigint;
  /** EIP-4895. */
  readonly withdrawalsRoot: Hex;
  /** EIP-4844. */
  readonly blobGasUsed: bigint;
  /** EIP-4844. */
  readonly excessBlobGas: bigint;
  /** EIP-4788. */
  readonly parentBeaconBlockRoot: Hex;
  /** EIP-7685: present from Prague on. */
  readonly requestsHash: Hex | undefined;
}

/** Keccak-256 of the encoding of no uncles. */
export const emptyUnclesHash: Hex = "0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347";

/** Root of a Merkle-Patricia trie that holds nothing. */
export const emptyTrieRoot: Hex = "0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";

/** The nonce of every block since the merge. */
export const zeroNonce: Hex = "0x0000000000000000";

const extraDataBytesMax = 32;

/** The hash that names a block. */
export function blockHash(header: BlockHeader): Hex {
  return keccakHex(encodeRlp(headerItem(header)));
}

/** A header's RLP. */
export function encodeHeader(header: BlockHeader): Uint8Array {
  return encodeRlp(headerItem(header));
}

/** The header as an item, for whatever holds one. */
export function headerItem(header: BlockHeader): RlpInput {
  const fields: RlpInput[] = [
    header.parentHash,
    header.unclesHash,
    header.beneficiary,
    header.stateRoot,
    header.transactionsRoot,
    header.receiptsRoot,
    header.logsBloom,
    header.difficulty,
    header.number,
    header.gasLimit,
    header.gasUsed,
    header.timestamp,
    header.extraData,
    header.prevRandao,
    header.nonce,
    header.baseFeePerGas,
    header.withdrawalsRoot,
    header.blobGasUsed,
    header.excessBlobGas,
    header.parentBeaconBlockRoot,
  ];
  if (header.requestsHash !== undefined) fields.push(header.requestsHash);
  return fields;
}

/** Decodes a header of Cancun or later; throws EthereumError, `HEADER_FIELDS_MISSING` for one of an older fork. */
export function decodeHeader(bytes: Uint8Array): BlockHeader {
  const reader = new RlpReader(bytes);
  const header = readHeader(reader.list());
  reader.finish();
  return header;
}

/** Reads the fields of a header's list, all of them; throws like `decodeHeader`. */
export function readHeader(fields: RlpReader): BlockHeader {
  return {
    parentHash: fields.hex(32),
    unclesHash: fields.hex(32),
    beneficiary: fields.hex(20),
    stateRoot: fields.hex(32),
    transactionsRoot: fields.hex(32),
    receiptsRoot: fields.hex(32),
    logsBloom: fields.fixedBytes(256),
    difficulty: fields.integer(32),
    number: fields.integer(8),
    gasLimit: fields.integer(8),
    gasUsed: fields.integer(8),
    timestamp: fields.integer(8),
    extraData: readExtraData(fields),
    prevRandao: fields.hex(32),
    nonce: fields.hex(8),
    ...readForkFields(fields),
  };
}

type ForkFields = Pick<
  BlockHeader,
  "baseFeePerGas" | "withdrawalsRoot" | "blobGasUsed" | "excessBlobGas" | "parentBeaconBlockRoot" | "requestsHash"
>;

function readForkFields(fields: RlpReader): ForkFields {
  // Fifteen fields came before; a shorter header is well-formed, but of a fork that this engine does not know.
  const present = <T>(count: number, read: () => T): T => {
    if (fields.isDone()) throw new EthereumError({ code: "HEADER_FIELDS_MISSING", fields: count });
    return read();
  };
  const forkFields: ForkFields = {
    baseFeePerGas: present(15, () => fields.integer(32)),
    withdrawalsRoot: present(16, () => fields.hex(32)),
    blobGasUsed: present(17, () => fields.integer(8)),
    excessBlobGas: present(18, () => fields.integer(8)),
    parentBeaconBlockRoot: present(19, () => fields.hex(32)),
    requestsHash: fields.isDone() ? undefined : fields.hex(32),
  };
  fields.finish();
  return forkFields;
}

function readExtraData(fields: RlpReader): Uint8Array {
  const extraData = fields.bytes();
  if (extraData.length > extraDataBytesMax) {
    throw new EthereumError({ code: "HEADER_EXTRA_DATA_TOO_LONG", length: extraData.length });
  }
  return extraData;
}
