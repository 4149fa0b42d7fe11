import { EthereumError } from "@koinon/ethereum/fault";
import type { Transaction } from "@koinon/ethereum/transaction";
import { decodeTransaction } from "@koinon/ethereum/transaction-decode";
import { recoverAuthority, recoverSender } from "@koinon/ethereum/transaction-signing";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import { answerLayout, authorityBytes, packedStatus, unpackTransactions } from "./packed-batch.ts";

/** Hashes every transaction of a packed request and recovers its sender and authorities: the work of a worker. */
export function recoverPacked(request: ArrayBuffer): ArrayBuffer {
  const raws = unpackTransactions(request);
  const facts = Buffer.from(new ArrayBuffer(raws.length * answerLayout.size));
  const authorities: (Address | undefined)[] = [];
  for (const [index, raw] of raws.entries()) {
    for (const authority of recoverOne(raw, facts, index * answerLayout.size)) authorities.push(authority);
  }
  if (authorities.length === 0) return facts.buffer;
  const answer = Buffer.from(new ArrayBuffer(facts.length + authorities.length * authorityBytes));
  answer.set(facts);
  for (const [index, authority] of authorities.entries()) {
    const offset = facts.length + index * authorityBytes;
    if (authority === undefined) continue;
    answer[offset] = 1;
    answer.write(authority, offset + 1, "latin1");
  }
  return answer.buffer;
}

function recoverOne(raw: Uint8Array, facts: Buffer, start: number): readonly (Address | undefined)[] {
  let transaction: Transaction;
  try {
    transaction = decodeTransaction(raw);
    facts.write(recoverSender(transaction, raw), start + answerLayout.sender, "latin1");
  } catch (error) {
    facts[start] = statusOf(error);
    return none;
  }
  facts[start] = packedStatus.recovered;
  facts.write(bytesToHex(keccak256(raw)), start + answerLayout.hash, "latin1");
  if (transaction.type !== 4) return none;
  const authorities = transaction.authorizationList.map(recoverAuthority);
  facts.writeUInt16BE(authorities.length, start + answerLayout.authorizations);
  return authorities;
}

const none: readonly Address[] = [];

function statusOf(error: unknown): number {
  if (!(error instanceof EthereumError)) throw error;
  const { fault } = error;
  if (fault.code !== "TRANSACTION_SIGNATURE_INVALID" || fault.reason === "v") return packedStatus.undecodable;
  return fault.reason === "high-s" ? packedStatus.highS : packedStatus.noSigner;
}
