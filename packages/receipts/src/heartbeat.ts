import { defineStruct } from "@koinon/eip712/struct";
import type { Address } from "@koinon/secp256k1/address";
import type { DocumentType } from "./document.ts";

/** A provider's sign of life with its load. Signed by its serving key; it is not kept and never in a log. */
export interface Heartbeat {
  /** Root address. */
  readonly provider: Address;
  /** Milliseconds since the epoch; grows with every heartbeat, so that an old one can not be told again. */
  readonly sentAt: bigint;
  /** Requests being served, and waiting. */
  readonly active: bigint;
  readonly queued: bigint;
  /** It wants no new work. */
  readonly draining: boolean;
}

/** The heartbeat as a document. Any value its types can hold keeps the rules. */
export const heartbeatDocument: DocumentType<Heartbeat> = {
  struct: defineStruct<Heartbeat>("Heartbeat", {
    provider: "address",
    sentAt: "uint64",
    active: "uint64",
    queued: "uint64",
    draining: "bool",
  }),
  check: () => undefined,
};
