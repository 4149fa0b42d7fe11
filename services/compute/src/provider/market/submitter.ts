import type { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import { type Receipt, receiptDocument } from "@koinon/receipts/receipt";
import type { Client } from "@koinon/rpc/handler";
import { isRetryableReason } from "../../market/reconcile/receipt-result.ts";
import type { JournaledReceipt } from "../journal/journal-record.ts";
import type { ReceiptJournal } from "../journal/receipt-journal.ts";
import type { ProviderMetrics } from "../metrics.ts";
import type { ReceiptSigner } from "../serve/receipt-signer.ts";
import { receiptToMessage } from "../serve/server.ts";

export interface SubmitterDependencies {
  readonly market: Client<MarketServiceDefinition>;
  readonly journal: ReceiptJournal;
  readonly signer: Pick<ReceiptSigner, "signAgain">;
  readonly metrics: ProviderMetrics;
  readonly clock: { now(): number };
  readonly log: { warn(facts: object, message: string): void };
}

const batchMax = 100;
const callTimeoutMs = 10_000;
/** The market has a receipt from the answer itself, and says with a later request that it is settled; what it has not named by then is handed in. */
const settleMs = 1_000;
/** More waiting receipts than this are handed in without pause. */
const backlog = 1_000;

/**
 * Hands receipts in until the market acknowledges them: those that no request has named as settled in time, because the market died, or because
 * none came. The market settles each once.
 */
export class Submitter {
  readonly #dependencies: SubmitterDependencies;

  constructor(dependencies: SubmitterDependencies) {
    this.#dependencies = dependencies;
  }

  /** Hands in one batch of what is old enough; answers whether more is waiting for its turn right now. Rejects with the call's RpcError. */
  async submit(signal: AbortSignal, { all = false } = {}): Promise<boolean> {
    const { journal, market } = this.#dependencies;
    const batch = all ? journal.oldest(batchMax) : this.#due(journal.oldest(batchMax));
    if (batch.length === 0) return false;
    const request = { receipts: batch.map(receiptToMessage) };
    const { results } = await market.submitReceipts(request, { signal, timeoutMs: callTimeoutMs });
    for (const [index, receipt] of batch.entries()) {
      const result = results[index];
      if (result !== undefined) this.#take(receipt, result);
    }
    return journal.pendingCount > backlog;
  }

  /** Those that the market has had time to settle, and to say so. They are in the order in which they were finished. */
  #due(waiting: readonly JournaledReceipt[]): readonly JournaledReceipt[] {
    const until = this.#dependencies.clock.now() - settleMs;
    const young = waiting.findIndex((receipt) => finishedAt(receipt) > until);
    return young < 0 ? waiting : waiting.slice(0, young);
  }

  #take(receipt: JournaledReceipt, result: { accepted: boolean; reason: string }): void {
    const { journal, metrics, log, signer } = this.#dependencies;
    // Signed again already, when one before it was refused.
    if (!journal.isPending(receipt.receiptId)) return;
    // Still being relayed, or what comes before it in the session is: handed in again later.
    if (isRetryableReason(result.reason)) return;
    metrics.submitted(result.accepted ? "accepted" : "refused");
    if (result.accepted) {
      journal.settle([receipt.receiptId]);
      return;
    }
    const receiptId = `0x${receipt.receiptId.toString("hex")}`;
    log.warn({ receiptId, reason: result.reason }, "market refused a receipt");
    const { consumer, session } = receiptDocument.struct.decode(receipt.content);
    const key = Buffer.from(consumer.slice(2), "hex");
    // The market ends a session when it refuses one of its receipts; a newer session has nothing to do with it.
    if (`0x${journal.session(key)?.session.toString("hex")}` === session) journal.endSession(key);
    // Refused for its session alone: the work itself can still be paid for.
    if (result.reason === "SESSION_ENDED") signer.signAgain(receipt);
    else journal.settle([receipt.receiptId]);
    this.#signAgainAfter(receipt, session);
  }

  /** What was signed behind a refused receipt can never be settled in its place. */
  #signAgainAfter(refused: JournaledReceipt, session: Receipt["session"]): void {
    const { sequence } = receiptDocument.struct.decode(refused.content);
    const behind = [...this.#dependencies.journal.pending()].filter(({ content }) => {
      const waiting = receiptDocument.struct.decode(content);
      return waiting.session === session && waiting.sequence > sequence;
    });
    for (const receipt of behind) this.#dependencies.signer.signAgain(receipt);
  }
}

function finishedAt(receipt: JournaledReceipt): number {
  return Number(receiptDocument.struct.decode(receipt.content).finishedAt);
}
