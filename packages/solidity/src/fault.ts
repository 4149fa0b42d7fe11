import { DomainError } from "@koinon/errors/domain-error";

/** What can be wrong with requests to the registry and its replies. */
export type RegistryFault =
  | { code: "NUMBER_OUT_OF_RANGE"; name: "size" | "epoch"; value: bigint }
  | { code: "ORIGIN_EMPTY" }
  /** The reply is not what the registry's ABI says: another contract, or none, is at the address. */
  | { code: "REPLY_MALFORMED"; lengthBytes: number }
  /** The words can not have been written by the registry. */
  | { code: "STORAGE_MALFORMED"; slot: "log" | "submission" };

/** Thrown by everything in this package. */
export class RegistryError extends DomainError<RegistryFault> {}
