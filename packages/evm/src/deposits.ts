import type { Log } from "@koinon/ethereum/log";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import { BlockError } from "./fault.ts";

/** Keccak-256 of DepositEvent(bytes,bytes,bytes,bytes,bytes). */
const depositTopic: Hex = "0x649bbc62d0e31342afea4e5cd82d4049e7e1ee912fc0889aa790803be39038c5";

const logSize = 576;
/** The event's ABI encoding, the only one that EIP-6110 takes: where each field's length stands, and the length. */
const layout = [
  { offset: 160, size: 48 }, // public key
  { offset: 256, size: 32 }, // withdrawal credentials
  { offset: 320, size: 8 }, // amount
  { offset: 384, size: 96 }, // signature
  { offset: 512, size: 8 }, // index
] as const;

const requestSize = 192;

/** The data of a block's deposit request (EIP-6110): every deposit that the contract logged; throws BlockError `DEPOSIT_LOG_MALFORMED`. */
export function depositRequestData(logs: Iterable<Log>, depositContract: Address): Uint8Array {
  const deposits: Uint8Array[] = [];
  for (const log of logs) {
    if (log.address === depositContract && log.topics[0] === depositTopic) deposits.push(deposit(log.data));
  }
  const request = new Uint8Array(requestSize * deposits.length);
  for (const [index, bytes] of deposits.entries()) request.set(bytes, requestSize * index);
  return request;
}

function deposit(data: Uint8Array): Uint8Array {
  if (data.length !== logSize) throw malformed(data);
  const bytes = new Uint8Array(requestSize);
  let written = 0;
  for (const [index, { offset, size }] of layout.entries()) {
    if (wordAt(data, 32 * index) !== offset || wordAt(data, offset) !== size) throw malformed(data);
    bytes.set(data.subarray(offset + 32, offset + 32 + size), written);
    written += size;
  }
  return bytes;
}

function wordAt(data: Uint8Array, offset: number): number {
  const view = new DataView(data.buffer, data.byteOffset + offset, 32);
  for (let index = 0; index < 28; index += 4) if (view.getUint32(index) !== 0) return Number.POSITIVE_INFINITY;
  return view.getUint32(28);
}

function malformed(data: Uint8Array): BlockError {
  return new BlockError({ code: "DEPOSIT_LOG_MALFORMED", length: data.length });
}
