import { defineStruct } from "@koinon/eip712/struct";
import type { Address } from "@koinon/secp256k1/address";
import type { Hex } from "@koinon/secp256k1/hex";
import type { DocumentType } from "./document.ts";
import { assertRule } from "./fault.ts";
import { isPrintable } from "./printable-text.ts";

/** A provider says what it offers, where, and for how long that may be believed. Signed by its serving key. */
export interface Announcement {
  readonly provider: Address;
  /** For people. */
  readonly name: string;
  /** Such as "eu-west": lower-case letters, digits, hyphens. */
  readonly region: string;
  /** Where the market reaches it. */
  readonly endpoint: string;
  /** Manifest hashes on offer, each once. */
  readonly subjects: readonly Hex[];
  /** The price id for each subject, in the same order. */
  readonly prices: readonly Hex[];
  /** Requests it serves at once. */
  readonly capacity: bigint;
  /** Grows with every announcement of the provider, so that an old one can not replace a newer one. */
  readonly sequence: bigint;
  /** Milliseconds since the epoch. */
  readonly issuedAt: bigint;
  readonly expiresAt: bigint;
}

const subjectsMax = 256;
const nameLengthMax = 64;
const endpointLengthMax = 512;

/** The announcement as a document. */
export const announcementDocument: DocumentType<Announcement> = {
  struct: defineStruct<Announcement>("Announcement", {
    provider: "address",
    name: "string",
    region: "string",
    endpoint: "string",
    subjects: "bytes32[]",
    prices: "bytes32[]",
    capacity: "uint64",
    sequence: "uint64",
    issuedAt: "uint64",
    expiresAt: "uint64",
  }),
  check(announcement) {
    const { name, region, endpoint, subjects, prices, issuedAt, expiresAt } = announcement;
    const rule = (holds: boolean, field: keyof Announcement, reason: string): void =>
      assertRule(holds, "announcement", field, reason);
    rule(name.length > 0 && name.length <= nameLengthMax && isPrintable(name), "name", "1 to 64 printable characters");
    rule(/^[a-z0-9][a-z0-9-]{0,31}$/.test(region), "region", "not a region name");
    rule(endpoint.length <= endpointLengthMax && isPrintable(endpoint), "endpoint", "not an address");
    rule(subjects.length <= subjectsMax, "subjects", "more than 256");
    rule(new Set(subjects).size === subjects.length, "subjects", "one twice");
    rule(prices.length === subjects.length, "prices", "not one per subject");
    rule(issuedAt < expiresAt, "expiresAt", "not after issuedAt");
  },
};
