import type { BlockHeader } from "@koinon/ethereum/block-header";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import { quantity } from "../codec/quantity.ts";

/** The RPC form of a header: the members of a block that its header gives. */
export function headerToJson(header: BlockHeader, hash: Hex): Record<string, Hex> {
  const fields: Record<string, Hex> = {
    number: quantity(header.number),
    hash,
    parentHash: header.parentHash,
    nonce: header.nonce,
    mixHash: header.prevRandao,
    sha3Uncles: header.unclesHash,
    logsBloom: bytesToHex(header.logsBloom),
    stateRoot: header.stateRoot,
    miner: header.beneficiary,
    difficulty: quantity(header.difficulty),
    extraData: bytesToHex(header.extraData),
    gasLimit: quantity(header.gasLimit),
    gasUsed: quantity(header.gasUsed),
    timestamp: quantity(header.timestamp),
    transactionsRoot: header.transactionsRoot,
    receiptsRoot: header.receiptsRoot,
    baseFeePerGas: quantity(header.baseFeePerGas),
    withdrawalsRoot: header.withdrawalsRoot,
    blobGasUsed: quantity(header.blobGasUsed),
    excessBlobGas: quantity(header.excessBlobGas),
    parentBeaconBlockRoot: header.parentBeaconBlockRoot,
  };
  if (header.requestsHash !== undefined) fields.requestsHash = header.requestsHash;
  return fields;
}
