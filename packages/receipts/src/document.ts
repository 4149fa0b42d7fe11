import type { Domain } from "@koinon/eip712/domain";
import type { Struct } from "@koinon/eip712/field-type";
import type { Address } from "@koinon/secp256k1/address";
import { recoverAddress } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex, hexToBytes } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";

/** A kind of document: its struct and the rules that its types alone can not say. */
export interface DocumentType<V extends object> {
  readonly struct: Struct<V>;
  /** Throws ReceiptsError `DOCUMENT_MALFORMED` for a value that breaks a rule. */
  check(value: V): void;
}

/** A document with its signature: r, s, v, 65 bytes. Holding one says nothing about who signed it. */
export interface Signed<V extends object> {
  readonly document: V;
  readonly signature: Hex;
}

/** How a signed document travels between services and in the log: `abi.encode(struct)` beside its signature. */
export interface DocumentBytes {
  readonly content: Uint8Array;
  readonly signature: Uint8Array;
}

/** The document's id: its EIP-712 digest under the network's domain. */
export function documentId<V extends object>(type: DocumentType<V>, document: V, domain: Domain): Hex {
  return bytesToHex(domain.digest(type.struct.hash(document)));
}

/** The digest that is signed, of canonical bytes: what `decodeDocument` has accepted, or the struct has encoded. */
export function contentDigest<V extends object>(
  type: DocumentType<V>,
  content: Uint8Array,
  domain: Domain,
): Uint8Array {
  return domain.digest(type.struct.hashEncoded(content));
}

/** Checks the document's rules and signs it. */
export function signDocument<V extends object>(
  type: DocumentType<V>,
  document: V,
  { domain, signer }: { domain: Domain; signer: Signer },
): Signed<V> {
  type.check(document);
  return { document, signature: bytesToHex(signer.sign(domain.digest(type.struct.hash(document)))) };
}

/** The address that signed; throws SignatureError for a signature that no key makes. */
export function recoverDocumentSigner<V extends object>(
  type: DocumentType<V>,
  signed: Signed<V>,
  domain: Domain,
): Address {
  return recoverAddress(domain.digest(type.struct.hash(signed.document)), hexToBytes(signed.signature));
}

/** True when `expected` signed the document; a malformed signature is false, not an error. */
export function isSignedBy<V extends object>(
  type: DocumentType<V>,
  signed: Signed<V>,
  { domain, expected }: { domain: Domain; expected: Address },
): boolean {
  try {
    return recoverDocumentSigner(type, signed, domain) === expected;
  } catch {
    return false;
  }
}

/** Canonical bytes and signature, for the wire. */
export function encodeDocument<V extends object>(type: DocumentType<V>, signed: Signed<V>): DocumentBytes {
  return { content: type.struct.encode(signed.document), signature: hexToBytes(signed.signature) };
}

/**
 * Reads a document from the wire and checks its rules, but not who signed it. Throws TypedDataError for bytes that are not its
 * canonical encoding, ReceiptsError for broken rules.
 */
export function decodeDocument<V extends object>(type: DocumentType<V>, bytes: DocumentBytes): Signed<V> {
  const document = type.struct.decode(bytes.content);
  type.check(document);
  return { document, signature: bytesToHex(bytes.signature) };
}
