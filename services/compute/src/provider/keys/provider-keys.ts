import { mkdir } from "node:fs/promises";
import path from "node:path";
import type { Domain } from "@koinon/eip712/domain";
import { readTextIfThere, writePrivateFile } from "@koinon/machine/private-file";
import { certificateDocument, certifies, type KeyCertificate } from "@koinon/receipts/certificate";
import {
  type DocumentBytes,
  decodeDocument,
  encodeDocument,
  isSignedBy,
  type Signed,
  signDocument,
} from "@koinon/receipts/document";
import type { Address } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, hexToBytes, isHex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import { ProviderError } from "../errors.ts";

/** The keys that a provider works with. The root key itself stays in its file. */
export interface ProviderKeys {
  /** The party: its root address. */
  readonly provider: Address;
  readonly signer: Signer;
  readonly certificate: KeyCertificate;
  readonly certificateBytes: DocumentBytes;
}

export interface KeyDependencies {
  readonly domain: Domain;
  readonly clock: { now(): number };
  readonly random: { bytes(count: number): Uint8Array };
}

const dayMs = 24 * 60 * 60_000;
const certificateLifeMs = 365 * dayMs;
/** A certificate is renewed, with a new serving key, when it has less left. */
const renewBeforeMs = 30 * dayMs;
/** Clocks differ; a certificate holds a little before it was made. */
const backdateMs = 60 * 60_000;

/**
 * Reads `root.key`, `serving.key` and `certificate.json` of a folder, making what is missing: at the first start both keys and the
 * certificate, later a new serving key under the next epoch when the certificate nears its end. Without `root.key` nothing can be made,
 * so an operator may keep that file elsewhere and bring certificates.
 */
export async function openProviderKeys(folder: string, dependencies: KeyDependencies): Promise<ProviderKeys> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = await readKey(path.join(folder, "root.key"));
  const known = await readCertified(folder, dependencies);
  if (known !== undefined && (root === undefined || !endsSoon(known.certificate, dependencies.clock.now())))
    return known;
  if (root === undefined && known === undefined && readTextIfThere(path.join(folder, "serving.key")) !== undefined) {
    throw invalid(path.join(folder, "certificate.json"), "missing, and there is no root.key to make it with");
  }
  const rootKey = root ?? (await createKey(path.join(folder, "root.key"), dependencies));
  return certify(folder, createSigner(rootKey), (known?.certificate.epoch ?? 0n) + 1n, dependencies);
}

async function certify(
  folder: string,
  root: Signer,
  epoch: bigint,
  { domain, clock, random }: KeyDependencies,
): Promise<ProviderKeys> {
  const servingKey = random.bytes(32);
  const signer = createSigner(servingKey);
  const now = clock.now();
  const certificate: KeyCertificate = {
    root: root.address,
    key: signer.address,
    purpose: "serving",
    epoch,
    notBefore: BigInt(now - backdateMs),
    notAfter: BigInt(now + certificateLifeMs),
  };
  const signed = signDocument(certificateDocument, certificate, { domain, signer: root });
  const bytes = encodeDocument(certificateDocument, signed);
  // Key and certificate belong together, so they are one file's change each, the key first: a key without certificate is remade.
  writePrivateFile(path.join(folder, "serving.key"), `${bytesToHex(servingKey)}\n`);
  const text = JSON.stringify({ content: bytesToHex(bytes.content), signature: bytesToHex(bytes.signature) });
  writePrivateFile(path.join(folder, "certificate.json"), `${text}\n`);
  return { provider: root.address, signer, certificate, certificateBytes: bytes };
}

async function readCertified(folder: string, { domain }: KeyDependencies): Promise<ProviderKeys | undefined> {
  const file = path.join(folder, "certificate.json");
  const servingKey = await readKey(path.join(folder, "serving.key"));
  const text = readTextIfThere(file);
  if (servingKey === undefined || text === undefined) return undefined;
  const { bytes, signed } = parseCertificate(file, text);
  const { document: certificate } = signed;
  const signer = createSigner(servingKey);
  const valid = isSignedBy(certificateDocument, signed, { domain, expected: certificate.root });
  // Made for another network, or a crash between the two files: with the root key it is made again.
  if (!valid || certificate.key !== signer.address) return undefined;
  return { provider: certificate.root, signer, certificate, certificateBytes: bytes };
}

function parseCertificate(file: string, text: string): { bytes: DocumentBytes; signed: Signed<KeyCertificate> } {
  try {
    const { content, signature } = JSON.parse(text) as { content: string; signature: string };
    const bytes = { content: hexToBytes(content), signature: hexToBytes(signature) };
    return { bytes, signed: decodeDocument(certificateDocument, bytes) };
  } catch (cause) {
    throw new ProviderError({ code: "KEY_FILE_INVALID", file, reason: "not a certificate" }, { cause });
  }
}

function endsSoon(certificate: KeyCertificate, now: number): boolean {
  return !certifies(certificate, { purpose: "serving", at: BigInt(now + renewBeforeMs) });
}

async function createKey(file: string, { random }: KeyDependencies): Promise<Uint8Array> {
  const key = random.bytes(32);
  // Fails for the few 32-byte values that are no key.
  createSigner(key);
  writePrivateFile(file, `${bytesToHex(key)}\n`);
  return key;
}

async function readKey(file: string): Promise<Uint8Array | undefined> {
  const text = readTextIfThere(file);
  if (text === undefined) return undefined;
  if (!isHex(text, 32)) throw invalid(file, "not 32 bytes of lower-case 0x-hex");
  return hexToBytes(text);
}

function invalid(file: string, reason: string): ProviderError {
  return new ProviderError({ code: "KEY_FILE_INVALID", file, reason });
}
