import { InvariantViolation } from "@koinon/errors/invariant";
import { EthereumError, type EthereumFault } from "@koinon/ethereum/fault";
import type { Authorization, EncodedTransaction, TransactionPayload } from "@koinon/ethereum/transaction";
import { decodePayload, decodeTransaction } from "@koinon/ethereum/transaction-decode";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { IngestRefusal } from "./ingest-error.ts";
import { keepBytes } from "./kept-bytes.ts";
import { addressDigits, answerLayout, authorityBytes, hashDigits, packedStatus } from "./packed-batch.ts";

/** Bytes that are no acceptable transaction, with the reason. */
export interface RefusedTransaction {
  readonly fault: IngestRefusal;
}

/** What became of the bytes of one transaction. */
export type RecoveryOutcome = EncodedTransaction | RefusedTransaction;

/** True when the bytes were refused. */
export function isRefused(outcome: RecoveryOutcome): outcome is RefusedTransaction {
  return "fault" in outcome;
}

/** Is told who gave an EIP-7702 authorization, undefined when its signature is not valid. */
export type RememberAuthority = (authorization: Authorization, authority: Address | undefined) => void;

/** A worker's answer, read from the first transaction to the last. */
export class AnswerReader {
  private readonly answer: Buffer;
  private readonly remember: RememberAuthority;
  private offset = 0;
  private authorityOffset: number;

  constructor(answer: ArrayBuffer, transactions: number, remember: RememberAuthority) {
    this.answer = Buffer.from(answer);
    this.remember = remember;
    this.authorityOffset = transactions * answerLayout.size;
  }

  /** Passes over the next transaction. */
  skip(): void {
    this.authorityOffset += this.answer.readUInt16BE(this.offset + answerLayout.authorizations) * authorityBytes;
    this.offset += answerLayout.size;
  }

  /** Joins the next transaction's answer to its bytes; the outcome keeps a copy of them and no view into what they came in. */
  next(received: Uint8Array): RecoveryOutcome {
    const start = this.offset;
    const authorityStart = this.authorityOffset;
    this.skip();
    const status = this.answer[start];
    if (status === packedStatus.highS) return signatureRefusal("high-s");
    if (status === packedStatus.noSigner) return signatureRefusal("no-such-point");
    if (status === packedStatus.undecodable) return { fault: decodingFault(received) };
    const raw = keepBytes(received);
    const hash = this.text(start + answerLayout.hash, hashDigits);
    const sender = this.text(start + answerLayout.sender, addressDigits);
    // Decoded here are only those with authorizations, which have to stay what is remembered of them.
    return { raw, hash, sender, transaction: raw[0] === 4 ? this.delegating(raw, authorityStart) : undefined };
  }

  private delegating(raw: Uint8Array, authorityStart: number): TransactionPayload {
    const payload = decodePayload(raw);
    if (payload.type === 4) this.readAuthorities(payload.authorizationList, authorityStart);
    return payload;
  }

  private readAuthorities(authorizations: readonly Authorization[], start: number): void {
    for (const [index, authorization] of authorizations.entries()) {
      const offset = start + index * authorityBytes;
      this.remember(authorization, this.answer[offset] === 1 ? this.text(offset + 1, addressDigits) : undefined);
    }
  }

  /** What a worker of ours wrote, which is hex. */
  private text(start: number, length: number): Hex {
    return this.answer.toString("latin1", start, start + length) as Hex;
  }
}

/** What the worker could not decode can not be decoded here either, and here the fault is at hand. */
function decodingFault(bytes: Uint8Array): EthereumFault {
  try {
    decodeTransaction(bytes);
  } catch (error) {
    if (error instanceof EthereumError) return error.fault;
    throw error;
  }
  throw new InvariantViolation("what a worker can not decode can not be decoded");
}

function signatureRefusal(reason: "high-s" | "no-such-point"): RefusedTransaction {
  return { fault: { code: "TRANSACTION_SIGNATURE_INVALID", reason } };
}
