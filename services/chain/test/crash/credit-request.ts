import type { WithdrawalRequest } from "../../src/withdrawals/withdrawal-queue.ts";

/** The request with a number: each has an account of its own. */
export function creditRequest(number: number): WithdrawalRequest {
  const address = `0x${(0xcc00_0000 + number).toString(16).padStart(40, "0")}` as const;
  return { requestId: `credit-${number}`, address, amountGwei: BigInt(number + 1) };
}
