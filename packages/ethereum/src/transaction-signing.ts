import { isFault } from "@koinon/errors/domain-error";
import type { Address } from "@koinon/secp256k1/address";
import { recoverAddress } from "@koinon/secp256k1/ecdsa";
import type { Hex } from "@koinon/secp256k1/hex";
import { keccak256 } from "@koinon/secp256k1/keccak";
import type { Signer } from "@koinon/secp256k1/signer";
import { EthereumError } from "./fault.ts";
import { keccakHex } from "./hash.ts";
import { encodeRlp, rlpLength, writeRlpPrefix } from "./rlp.ts";
import { RlpReader } from "./rlp-reader.ts";
import type { Authorization, Signature, Transaction, TransactionPayload } from "./transaction.ts";
import { encodeForSigning } from "./transaction-encode.ts";
import { writeWord } from "./word.ts";

/** The EIP-7702 byte in front of an authorization's signed message. */
const authorizationMagic = 0x05;

/** Half the order of the group; EIP-2 refuses an s above it. */
const halfOrder = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** The hash of a transaction from its canonical EIP-2718 bytes. */
export function transactionHash(raw: Uint8Array): Hex {
  return keccakHex(raw);
}

/** The 32-byte digest that the sender signs. */
export function signingHash(payload: TransactionPayload): Uint8Array {
  return keccak256(encodeForSigning(payload));
}

/**
 * The address that signed; throws EthereumError `TRANSACTION_SIGNATURE_INVALID` for a high s (EIP-2) or when there is none. The canonical
 * bytes of the transaction, where they are at hand, save encoding it.
 */
export function recoverSender(transaction: Transaction, raw?: Uint8Array): Address {
  const { type, signature } = transaction;
  const digest = raw === undefined || type === 0 ? signingHash(transaction) : signingHashOf(raw, type);
  return recoverSigner(digest, signature);
}

/** Fields in front of the signature, by type. */
const signedFields = { 1: 8, 2: 9, 3: 11, 4: 10 } as const;

/** The signing hash of typed bytes: of the fields as they stand there, in a list without the signature (EIP-2718). */
function signingHashOf(raw: Uint8Array, type: keyof typeof signedFields): Uint8Array {
  const fields = new RlpReader(raw, 1).list();
  const start = fields.offset();
  for (let field = 0; field < signedFields[type]; field++) fields.skip();
  const signed = raw.subarray(start, fields.offset());
  const message = new Uint8Array(1 + rlpLength(signed.length));
  message[0] = type;
  message.set(signed, writeRlpPrefix(message, 1, 0xc0, signed.length));
  return keccak256(message);
}

/** Signs a transaction. */
export function signTransaction(payload: TransactionPayload, signer: Signer): Transaction {
  return { ...payload, signature: toSignature(signer.sign(signingHash(payload))) };
}

/** Who gave an EIP-7702 authorization; undefined when its signature is not valid. */
export function recoverAuthority(authorization: Authorization): Address | undefined {
  const { yParity, r, s } = authorization;
  if (yParity !== 0 && yParity !== 1) return undefined;
  try {
    return recoverSigner(authorizationHash(authorization), { yParity, r, s });
  } catch (error) {
    if (isFault(error, "TRANSACTION_SIGNATURE_INVALID")) return undefined;
    throw error;
  }
}

/** Signs an EIP-7702 authorization. */
export function signAuthorization(
  message: Pick<Authorization, "chainId" | "address" | "nonce">,
  signer: Signer,
): Authorization {
  return { ...message, ...toSignature(signer.sign(authorizationHash(message))) };
}

function authorizationHash({
  chainId,
  address,
  nonce,
}: Pick<Authorization, "chainId" | "address" | "nonce">): Uint8Array {
  return keccak256(encodeRlp([chainId, address, nonce], authorizationMagic));
}

function recoverSigner(digest: Uint8Array, { yParity, r, s }: Signature): Address {
  if (s > halfOrder) throw new EthereumError({ code: "TRANSACTION_SIGNATURE_INVALID", reason: "high-s" });
  const bytes = new Uint8Array(65);
  writeWord(r, bytes, 0);
  writeWord(s, bytes, 32);
  bytes[64] = 27 + yParity;
  try {
    return recoverAddress(digest, bytes);
  } catch (cause) {
    throw new EthereumError({ code: "TRANSACTION_SIGNATURE_INVALID", reason: "no-such-point" }, { cause });
  }
}

function toSignature(signature: Uint8Array): Signature {
  const reader = new DataView(signature.buffer, signature.byteOffset);
  const word = (offset: number): bigint =>
    (((reader.getBigUint64(offset) << 64n) | reader.getBigUint64(offset + 8)) << 128n) |
    ((reader.getBigUint64(offset + 16) << 64n) | reader.getBigUint64(offset + 24));
  return { yParity: signature[64] === 28 ? 1 : 0, r: word(0), s: word(32) };
}
