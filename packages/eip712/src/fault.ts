import { DomainError } from "@koinon/errors/domain-error";

/** A value that its type can not hold, or bytes that are not the one ABI encoding of a value. `field` is "Struct.member". */
export type TypedDataFault =
  | { code: "TYPED_VALUE_INVALID"; field: string; type: string }
  | { code: "TYPED_ENCODING_INVALID"; field: string; reason: string };

/** Thrown when hashing, encoding or decoding typed data. */
export class TypedDataError extends DomainError<TypedDataFault> {}
