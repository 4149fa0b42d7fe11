import { readAddress, readHash } from "../../jsonrpc/codec/bytes.ts";
import { ObjectReader } from "../../jsonrpc/codec/object.ts";
import { quantity, readQuantity64 } from "../../jsonrpc/codec/quantity.ts";
import { malformed } from "../../jsonrpc/codec/value-error.ts";
import { withdrawalToJson } from "../../jsonrpc/json/block-json.ts";
import type { ForkchoiceState, PayloadAttributes, PayloadStatus } from "../execution-engine.ts";
import { readWithdrawals } from "./payload-json.ts";

const statuses = ["VALID", "INVALID", "SYNCING", "ACCEPTED"] as const;

/** PayloadStatusV1 as JSON. */
export function statusToJson({ status, latestValidHash, validationError }: PayloadStatus): object {
  return { status, latestValidHash: latestValidHash ?? null, validationError: validationError ?? null };
}

/** Reads PayloadStatusV1; throws ValueError. */
export function readStatus(value: unknown): PayloadStatus {
  const reader = new ObjectReader(value, "payload status");
  const status = reader.required("status", (name) => {
    const known = statuses.find((each) => each === name);
    if (known === undefined) throw malformed("no such status");
    return known;
  });
  return {
    status,
    latestValidHash: reader.optional("latestValidHash", readHash),
    validationError: reader.optional("validationError", String),
  };
}

/** Reads ForkchoiceStateV1; throws ValueError. */
export function readForkchoiceState(value: unknown): ForkchoiceState {
  const reader = new ObjectReader(value, "forkchoice state");
  return {
    headBlockHash: reader.required("headBlockHash", readHash),
    safeBlockHash: reader.required("safeBlockHash", readHash),
    finalizedBlockHash: reader.required("finalizedBlockHash", readHash),
  };
}

/** PayloadAttributesV3 as JSON. */
export function attributesToJson(attributes: PayloadAttributes): object {
  return {
    timestamp: quantity(attributes.timestamp),
    prevRandao: attributes.prevRandao,
    suggestedFeeRecipient: attributes.suggestedFeeRecipient,
    withdrawals: attributes.withdrawals.map(withdrawalToJson),
    parentBeaconBlockRoot: attributes.parentBeaconBlockRoot,
  };
}

/** Reads PayloadAttributesV3; throws ValueError. */
export function readAttributes(value: unknown): PayloadAttributes {
  const reader = new ObjectReader(value, "payload attributes");
  return {
    timestamp: reader.required("timestamp", readQuantity64),
    prevRandao: reader.required("prevRandao", readHash),
    suggestedFeeRecipient: reader.required("suggestedFeeRecipient", readAddress),
    withdrawals: reader.required("withdrawals", readWithdrawals),
    parentBeaconBlockRoot: reader.required("parentBeaconBlockRoot", readHash),
  };
}
