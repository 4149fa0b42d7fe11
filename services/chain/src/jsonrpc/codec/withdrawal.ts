import type { Withdrawal } from "@koinon/ethereum/withdrawal";
import { readAddress } from "./bytes.ts";
import { ObjectReader } from "./object.ts";
import { readQuantity64 } from "./quantity.ts";

/** Reads a withdrawal, as the Engine API (WithdrawalV1) and eth_simulateV1 write it; throws ValueError. */
export function readWithdrawal(value: unknown): Withdrawal {
  const members = new ObjectReader(value, "withdrawal");
  return {
    index: members.required("index", readQuantity64),
    validatorIndex: members.required("validatorIndex", readQuantity64),
    address: members.required("address", readAddress),
    amountGwei: members.required("amount", readQuantity64),
  };
}
