import { EthereumError } from "@koinon/ethereum/fault";
import type { Transaction } from "@koinon/ethereum/transaction";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import { recoverAuthority, recoverSender } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import { writeHex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { answerLayout, authorityBytes, packedStatus, unpackTransactions } from "./packed-batch.ts";

/** Hashes every transaction of a packed request and recovers its sender and authorities: the work of a worker. */
export function recoverPacked(request: ArrayBuffer): ArrayBuffer {
  const raws = unpackTransactions(request);
  const facts = new Uint8Array(raws.length * answerLayout.size);
  const authorities: (Address | undefined)[] = [];
  for (const [index, raw] of raws.entries()) {
    authorities.push(...recoverOne(raw, facts.subarray(index * answerLayout.size)));
  }
  if (authorities.length === 0) return facts.buffer;
  const answer = new Uint8Array(facts.length + authorities.length * authorityBytes);
  answer.set(facts);
  for (const [index, authority] of authorities.entries()) {
    const offset = facts.length + index * authorityBytes;
    if (authority === undefined) continue;
    answer[offset] = 1;
    writeHex(authority, answer, offset + 1, 20);
  }
  return answer.buffer;
}

function recoverOne(raw: Uint8Array, facts: Uint8Array): (Address | undefined)[] {
  let transaction: Transaction;
  try {
    transaction = decodeTransaction(raw);
    writeHex(recoverSender(transaction), facts, answerLayout.sender, 20);
  } catch (error) {
    facts[0] = statusOf(error);
    return [];
  }
  facts[0] = packedStatus.recovered;
  facts.set(keccak256(raw), answerLayout.hash);
  if (transaction.type !== 4) return [];
  const authorities = transaction.authorizationList.map(recoverAuthority);
  new DataView(facts.buffer, facts.byteOffset).setUint16(answerLayout.authorizations, authorities.length);
  return authorities;
}

function statusOf(error: unknown): number {
  if (!(error instanceof EthereumError)) throw error;
  const { fault } = error;
  if (fault.code !== "TRANSACTION_SIGNATURE_INVALID" || fault.reason === "v") return packedStatus.undecodable;
  return fault.reason === "high-s" ? packedStatus.highS : packedStatus.noSigner;
}
