import { canonicalJsonBytes } from "@koinon/canonical-json/canonicalize";
import type { JsonValue } from "@koinon/canonical-json/json-value";
import { parseStrictJson } from "@koinon/canonical-json/parse-strict";
import type { Hex } from "@koinon/secp256k1/hex";
import { certificateDocument, type KeyCertificate } from "./certificate.ts";
import type { Opening } from "./commitment.ts";
import type { Signed } from "./document.ts";
import { documentFromJson, documentToJson } from "./document-json.ts";
import { assertRule } from "./fault.ts";
import { JsonNode } from "./json-node.ts";
import { type Manifest, manifestToJson, readManifest } from "./manifest.ts";
import { type Quote, quoteDocument } from "./quote.ts";
import { type Receipt, receiptDocument } from "./receipt.ts";

/** A receipt with everything that proves it, but for the trust anchors. Private to the receipt's holder: it opens the commitments. */
export interface Bundle {
  readonly receipt: Signed<Receipt>;
  /** For the key that signed the receipt and the quote. */
  readonly certificate: Signed<KeyCertificate>;
  readonly quote: Signed<Quote>;
  readonly manifest: Manifest;
  readonly openings: { readonly input: Opening; readonly output: Opening };
  /** The receipt before in the session; null exactly for the first. */
  readonly previous: PreviousReceipt | null;
  /** Of the receipt's log entry under the checkpoint. */
  readonly inclusion: Inclusion;
  /** A signed note: C2SP tlog-checkpoint, with the cosignatures that the reader asks for. */
  readonly checkpoint: string;
}

/** The predecessor in a session, with its own proof under the same checkpoint. */
export interface PreviousReceipt {
  readonly receipt: Signed<Receipt>;
  readonly certificate: Signed<KeyCertificate>;
  readonly inclusion: Inclusion;
}

/** An RFC 9162 audit path; the tree's size is the checkpoint's. */
export interface Inclusion {
  readonly index: bigint;
  /** From leaf to root. */
  readonly hashes: readonly Hex[];
}

/** A bundle is refused beyond this size, before anything in it is looked at. */
export const bundleBytesMax = 1 << 20;

/** A path in a tree of 2^64 leaves. */
const pathLengthMax = 64;
const checkpointLengthMax = 65_536;

/** Writes a bundle as canonical JSON; throws ReceiptsError when it is over `bundleBytesMax`. */
export function createBundle(bundle: Bundle): Uint8Array<ArrayBuffer> {
  const bytes = canonicalJsonBytes(bundleToJson(bundle));
  assertRule(bytes.length <= bundleBytesMax, "bundle", "", `more than ${bundleBytesMax} bytes`);
  return bytes;
}

/** The bundle's JSON (`koinon.bundle/1`). */
export function bundleToJson(bundle: Bundle): JsonValue {
  const { previous } = bundle;
  return {
    format: "koinon.bundle/1",
    receipt: documentToJson(receiptDocument, bundle.receipt),
    certificate: documentToJson(certificateDocument, bundle.certificate),
    quote: documentToJson(quoteDocument, bundle.quote),
    manifest: manifestToJson(bundle.manifest),
    openings: { input: { ...bundle.openings.input }, output: { ...bundle.openings.output } },
    previous: previous && {
      receipt: documentToJson(receiptDocument, previous.receipt),
      certificate: documentToJson(certificateDocument, previous.certificate),
      inclusion: inclusionToJson(previous.inclusion),
    },
    inclusion: inclusionToJson(bundle.inclusion),
    checkpoint: bundle.checkpoint,
  };
}

/**
 * Reads a bundle's form: sizes, members, spellings and the rules of its documents. Says nothing about whether it is true; that is
 * `verifyBundle`. Throws JsonError or ReceiptsError.
 */
export function parseBundle(bytes: Uint8Array): Bundle {
  const root = new JsonNode("bundle", parseStrictJson(bytes, { maxBytes: bundleBytesMax }));
  const members = root.members([
    "format",
    "receipt",
    "certificate",
    "quote",
    "manifest",
    "openings",
    "previous",
    "inclusion",
    "checkpoint",
  ]);
  members.format.oneOf(["koinon.bundle/1"]);
  const { input, output } = members.openings.members(["input", "output"]);
  return {
    receipt: documentFromJson(receiptDocument, members.receipt),
    certificate: documentFromJson(certificateDocument, members.certificate),
    quote: documentFromJson(quoteDocument, members.quote),
    manifest: readManifest(members.manifest),
    openings: { input: readOpening(input), output: readOpening(output) },
    previous: members.previous.nullable(readPrevious),
    inclusion: readInclusion(members.inclusion),
    checkpoint: members.checkpoint.string(checkpointLengthMax),
  };
}

function readPrevious(node: JsonNode): PreviousReceipt {
  const { receipt, certificate, inclusion } = node.members(["receipt", "certificate", "inclusion"]);
  return {
    receipt: documentFromJson(receiptDocument, receipt),
    certificate: documentFromJson(certificateDocument, certificate),
    inclusion: readInclusion(inclusion),
  };
}

function readOpening(node: JsonNode): Opening {
  const { blinding, digest } = node.members(["blinding", "digest"]);
  return { blinding: blinding.hex(32), digest: digest.hex(32) };
}

function readInclusion(node: JsonNode): Inclusion {
  const { index, hashes } = node.members(["index", "hashes"]);
  return { index: index.decimal(64), hashes: hashes.list(pathLengthMax).map((hash) => hash.hex(32)) };
}

function inclusionToJson({ index, hashes }: Inclusion): JsonValue {
  return { index: index.toString(), hashes: [...hashes] };
}
