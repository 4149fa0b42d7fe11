import { DomainError } from "@koinon/errors/domain-error";

/** What can be wrong with the encoding or the stand-alone content of an Ethereum object; offsets and lengths are in bytes. */
export type EthereumFault =
  | { code: "RLP_TRUNCATED"; offset: number }
  | { code: "RLP_NOT_CANONICAL"; offset: number }
  | { code: "RLP_TRAILING_BYTES"; offset: number }
  | { code: "RLP_TOO_DEEP"; depth: number }
  | { code: "RLP_TOO_LARGE"; length: number; limit: number }
  | { code: "RLP_WRONG_KIND"; offset: number; expected: "list" | "string" }
  | { code: "RLP_WRONG_LENGTH"; offset: number; expected: number; length: number }
  | { code: "RLP_INTEGER_TOO_LARGE"; offset: number; limit: number; length: number }
  | { code: "TRANSACTION_EMPTY" }
  | { code: "TRANSACTION_TYPE_UNSUPPORTED"; type: number }
  | { code: "TRANSACTION_RECIPIENT_MISSING"; type: number }
  | { code: "TRANSACTION_SIGNATURE_INVALID"; reason: "v" | "high-s" | "no-such-point" }
  | { code: "HEADER_FIELDS_MISSING"; fields: number }
  | { code: "HEADER_EXTRA_DATA_TOO_LONG"; length: number }
  | { code: "BLOCK_UNCLES_PRESENT" }
  | { code: "RECEIPT_TYPE_UNSUPPORTED"; type: number }
  | { code: "RECEIPT_STATUS_INVALID" }
  | { code: "RECEIPT_BLOOM_MISMATCH" }
  | { code: "GENESIS_MALFORMED"; path: string; reason: string }
  | { code: "GENESIS_UNSUPPORTED"; path: string; reason: string };

/** Thrown by every decoder and rule of this package. */
export class EthereumError extends DomainError<EthereumFault> {}
