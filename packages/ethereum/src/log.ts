import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import { type AllocateBytes, type EncodedRlp, encodeRlp, type RlpInput } from "./rlp.ts";
import { RlpReader } from "./rlp-reader.ts";

/** What a contract logged. */
export interface Log {
  readonly address: Address;
  /** At most four, 32 bytes each. */
  readonly topics: readonly Hex[];
  readonly data: Uint8Array;
}

/**
 * A log as its RLP, an array of address, topics and data: roots and disk take it in that form, and hardly any log is looked at
 * before its block is on disk.
 */
export class EncodedLog implements Log, EncodedRlp {
  readonly address: Address;
  readonly rlp: Uint8Array;
  private readonly topicCount: number;

  /** `topics` are 32 bytes each; all bytes are copied, to those of `allocate`. */
  constructor(address: Address, topics: readonly Uint8Array[], data: Uint8Array, allocate?: AllocateBytes) {
    this.address = address;
    this.rlp = encodeRlp([address, topics, data], undefined, allocate);
    this.topicCount = topics.length;
  }

  get topics(): Hex[] {
    return this.topicBytes().map(bytesToHex);
  }

  get data(): Uint8Array {
    const fields = new RlpReader(this.rlp).list();
    fields.raw();
    fields.raw();
    return fields.bytes();
  }

  /** The topics as views. */
  topicBytes(): Uint8Array[] {
    const topics: Uint8Array[] = [];
    // Behind the prefix of the log, the address with its prefix, and the prefixes of the list and of its first topic.
    let start = this.prefixBytes() + 21 + (this.topicCount < 2 ? 1 : 2) + 1;
    for (let index = 0; index < this.topicCount; index++, start += 33)
      topics.push(this.rlp.subarray(start, start + 32));
    return topics;
  }

  private prefixBytes(): number {
    const prefix = this.rlp[0] as number;
    return prefix <= 0xf7 ? 1 : 1 + prefix - 0xf7;
  }
}

/** The topics of a log as bytes. */
export function topicsOf(log: Log): Uint8Array[] {
  return log instanceof EncodedLog ? log.topicBytes() : log.topics.map(hexToBytes);
}

/** A log as an item of RLP: a list of address, topics and data. */
export function logItem(log: Log): RlpInput {
  return log instanceof EncodedLog ? log : [log.address, log.topics, log.data];
}
