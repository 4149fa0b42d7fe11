import { EthereumError } from "@koinon/ethereum/fault";
import type { RecoveredTransaction } from "@koinon/ethereum/transaction";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import type { IngestRefusal } from "./ingest-error.ts";
import { answerBytes, packedStatus } from "./packed-batch.ts";

/** Bytes that are no acceptable transaction, with the reason. */
export interface RefusedTransaction {
  readonly fault: IngestRefusal;
}

/** What became of the bytes of one transaction. */
export type RecoveryOutcome = RecoveredTransaction | RefusedTransaction;

/** True when the bytes were refused. */
export function isRefused(outcome: RecoveryOutcome): outcome is RefusedTransaction {
  return "fault" in outcome;
}

/** Joins a worker's answer to the bytes it is about; the outcome keeps a copy of them and no view into what they came in. */
export function toOutcome(received: Uint8Array, answer: Buffer, index: number): RecoveryOutcome {
  const offset = index * answerBytes;
  const status = answer[offset];
  if (status === packedStatus.highS) return signatureRefusal("high-s");
  if (status === packedStatus.noSigner) return signatureRefusal("no-such-point");
  const raw = new Uint8Array(received);
  try {
    return {
      transaction: decodeTransaction(raw),
      raw,
      hash: `0x${answer.toString("hex", offset + 1, offset + 33)}`,
      sender: `0x${answer.toString("hex", offset + 33, offset + answerBytes)}`,
    };
  } catch (error) {
    // What the worker could not decode can not be decoded here either, and here the fault is at hand.
    if (error instanceof EthereumError) return { fault: error.fault };
    throw error;
  }
}

function signatureRefusal(reason: "high-s" | "no-such-point"): RefusedTransaction {
  return { fault: { code: "TRANSACTION_SIGNATURE_INVALID", reason } };
}
