import {
  type QueuedWithdrawal as QueuedWithdrawalMessage,
  WithdrawalServiceDefinition,
} from "@koinon/contracts/koinon/chain/v1/withdrawal_service";
import { bindService, type FaultTable, type ServiceBinding } from "@koinon/rpc/binding";
import { hexToBytes } from "@koinon/secp256k1/hex";
import { ChainError, type ChainFault } from "../errors.ts";
import { WithdrawalError, type WithdrawalFault } from "../withdrawals/withdrawal-error.ts";
import type { QueuedWithdrawal, WithdrawalQueue } from "../withdrawals/withdrawal-queue.ts";
import { readAddress } from "./values.ts";

const faults: FaultTable = {
  REQUEST_INVALID: "INVALID_ARGUMENT",
  WITHDRAWAL_MISMATCH: "ALREADY_EXISTS",
  WITHDRAWAL_QUEUE_FULL: { status: "RESOURCE_EXHAUSTED", retryAfterMs: 1_000 },
  WITHDRAWAL_UNKNOWN: "NOT_FOUND",
} satisfies Record<WithdrawalFault["code"], FaultTable[string]> &
  Partial<Record<ChainFault["code"], FaultTable[string]>>;

/** The queue of withdrawals over RPC, for these callers alone. */
export function bindWithdrawalService(
  queue: Pick<WithdrawalQueue, "queue" | "find">,
  callers: readonly string[],
): ServiceBinding {
  return bindService({
    definition: WithdrawalServiceDefinition,
    callers,
    faults,
    handlers: {
      async queueWithdrawal({ requestId, address, amountGwei }) {
        if (amountGwei === 0n) throw new ChainError({ code: "REQUEST_INVALID", field: "amount_gwei" });
        const request = { requestId: readRequestId(requestId), address: readAddress(address, "address"), amountGwei };
        return { withdrawal: withdrawalMessage(await queue.queue(request)) };
      },
      async getWithdrawal({ requestId }) {
        const found = queue.find(readRequestId(requestId));
        if (found === undefined) throw new WithdrawalError({ code: "WITHDRAWAL_UNKNOWN" });
        return { withdrawal: withdrawalMessage(found) };
      },
    },
  });
}

function readRequestId(text: string): string {
  if (/^[A-Za-z0-9._:-]{1,64}$/.test(text)) return text;
  throw new ChainError({ code: "REQUEST_INVALID", field: "request_id" });
}

function withdrawalMessage({ withdrawal, block }: QueuedWithdrawal): QueuedWithdrawalMessage {
  const { index, address, amountGwei } = withdrawal;
  return {
    ...{ index, address: hexToBytes(address), amountGwei },
    block: block && { hash: hexToBytes(block.hash), number: block.header.number },
  };
}
