import type { Hex } from "@koinon/secp256k1/hex";
import type { Struct } from "./struct.ts";

/** Solidity types of one word that are supported, besides nested structs. */
export type WordType =
  | "bool"
  | "uint8"
  | "uint16"
  | "uint32"
  | "uint64"
  | "uint128"
  | "uint256"
  | "address"
  | "bytes32";

/** Solidity types of variable length that are supported. */
export type DynamicType = "string" | "bytes32[]";

/** The Solidity types that can hold a TypeScript type: small integers are numbers, from uint64 on they are bigint, bytes are hex. */
export type FieldTypeOf<V> = V extends boolean
  ? "bool"
  : V extends number
    ? "uint8" | "uint16" | "uint32"
    : V extends bigint
      ? "uint64" | "uint128" | "uint256"
      : V extends Hex
        ? "address" | "bytes32"
        : V extends string
          ? "string"
          : V extends readonly Hex[]
            ? "bytes32[]"
            : V extends object
              ? Struct<V>
              : never;

/** Members of a struct in their order: order is part of the type's hash. */
export type StructFields<V extends object> = { readonly [K in keyof V]-?: FieldTypeOf<V[K]> };
