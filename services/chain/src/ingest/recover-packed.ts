import { EthereumError } from "@koinon/ethereum/fault";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import { recoverSender } from "@koinon/ethereum/transaction-signing";
import { writeHex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { answerBytes, packedStatus, unpackTransactions } from "./packed-batch.ts";

/** Hashes every transaction of a packed request and recovers its sender: the work of a worker. */
export function recoverPacked(request: ArrayBuffer): ArrayBuffer {
  const raws = unpackTransactions(request);
  const answer = new Uint8Array(raws.length * answerBytes);
  for (const [index, raw] of raws.entries()) recoverOne(raw, answer, index * answerBytes);
  return answer.buffer;
}

function recoverOne(raw: Uint8Array, answer: Uint8Array, offset: number): void {
  try {
    writeHex(recoverSender(decodeTransaction(raw)), answer, offset + 33, 20);
  } catch (error) {
    answer[offset] = statusOf(error);
    return;
  }
  answer[offset] = packedStatus.recovered;
  answer.set(keccak256(raw), offset + 1);
}

function statusOf(error: unknown): number {
  if (!(error instanceof EthereumError)) throw error;
  const { fault } = error;
  if (fault.code !== "TRANSACTION_SIGNATURE_INVALID" || fault.reason === "v") return packedStatus.undecodable;
  return fault.reason === "high-s" ? packedStatus.highS : packedStatus.noSigner;
}
