import type {
  Refusal,
  SubmitTransactionsRequest,
  SubmitTransactionsResponse,
} from "@koinon/contracts/koinon/chain/v1/chain_service";
import type { SubmitOutcome, TransactionIntake } from "../chain-view.ts";
import { ChainError } from "../errors.ts";
import { rejectionError } from "../jsonrpc/fault-translation.ts";

const batchMax = 4_096;
const refusalsMax = 1_000;
/**
 * Transactions whose senders are recovered at the same time: enough to keep the workers busy while the calling thread computes a
 * state root, which takes half a second at most.
 */
const inHandMax = 16_384;

/** Submits a stream of batches at the pace at which the pool empties, in their order. */
export async function submitStream(
  batches: AsyncIterable<SubmitTransactionsRequest>,
  intake: TransactionIntake,
  signal: AbortSignal,
): Promise<SubmitTransactionsResponse> {
  const answer = { accepted: 0n, refused: 0n, refusals: [] as Refusal[] };
  let read = 0n;
  const note = (first: bigint, outcomes: readonly SubmitOutcome[]): void => {
    for (const [index, outcome] of outcomes.entries()) {
      if ("hash" in outcome) answer.accepted++;
      else {
        answer.refused++;
        const { code, message } = {
          code: outcome.rejection.code,
          message: rejectionError(outcome.rejection).fault.message,
        };
        if (answer.refusals.length < refusalsMax) answer.refusals.push({ index: first + BigInt(index), code, message });
      }
    }
  };
  const inHand: { readonly done: Promise<void>; readonly size: number }[] = [];
  let inHandSize = 0;
  let last: Promise<void> = Promise.resolve();
  try {
    for await (const { transactions } of batches) {
      if (transactions.length > batchMax) throw new ChainError({ code: "REQUEST_INVALID", field: "transactions" });
      await intake.room(signal);
      const first = read;
      read += BigInt(transactions.length);
      last = intake.submit(transactions, signal, last).then((outcomes) => note(first, outcomes));
      last.catch(() => undefined);
      inHand.push({ done: last, size: transactions.length });
      inHandSize += transactions.length;
      while (inHandSize >= inHandMax) {
        const oldest = inHand.shift();
        inHandSize -= oldest?.size ?? 0;
        await oldest?.done;
      }
    }
  } finally {
    await last;
  }
  return answer;
}
