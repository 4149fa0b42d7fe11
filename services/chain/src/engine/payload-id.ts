import { createHash } from "node:crypto";
import { encodeRlp } from "@koinon/ethereum/rlp";
import { encodeWithdrawal } from "@koinon/ethereum/withdrawal";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { PayloadAttributes } from "./execution-engine.ts";

/** Eight bytes that name what is to be built: the same order has the same id. */
export function payloadIdOf(parentHash: Hex, attributes: PayloadAttributes): Hex {
  const { timestamp, prevRandao, suggestedFeeRecipient, withdrawals, parentBeaconBlockRoot } = attributes;
  const order = [
    parentHash,
    timestamp,
    prevRandao,
    suggestedFeeRecipient,
    withdrawals.map(encodeWithdrawal),
    parentBeaconBlockRoot,
  ];
  return bytesToHex(createHash("sha256").update(encodeRlp(order)).digest().subarray(0, 8));
}
