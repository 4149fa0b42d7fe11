import type { Hex } from "@koinon/secp256k1/hex";

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

/** A struct type, compiled once; hashing and encoding throw TypedDataError `TYPED_VALUE_INVALID` for values its types can not hold. */
export interface Struct<V extends object> {
  readonly name: string;
  /** Its members in order, as they were given. */
  readonly fields: StructFields<V>;
  /** EIP-712 encodeType: "Name(type member,…)", then the structs it refers to, by name. */
  readonly encodeType: string;
  /** keccak-256 of `encodeType`. */
  readonly typeHash: Uint8Array;
  /** EIP-712 hashStruct: keccak-256 of the type hash and one word per member. */
  hash(value: V): Uint8Array;
  /** `hash` of the value that these bytes encode, without reading it: for bytes that `encode` made or `decode` has accepted, and no others. */
  hashEncoded(bytes: Uint8Array): Uint8Array;
  /** Solidity's `abi.encode(value)`. */
  encode(value: V): Uint8Array<ArrayBuffer>;
  /**
   * The inverse of `encode`. Throws TypedDataError `TYPED_ENCODING_INVALID` for every other byte sequence: an encoding is accepted
   * exactly when encoding what it decodes to gives the same bytes.
   */
  decode(bytes: Uint8Array): V;
}
