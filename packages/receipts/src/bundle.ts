import { canonicalJsonBytes } from "@koinon/canonical-json/canonicalize";
import type { JsonValue } from "@koinon/canonical-json/json-value";
import { parseStrictJson } from "@koinon/canonical-json/parse-strict";
import type { Hex } from "@koinon/secp256k1/hex";
import { anchorToJson, type BundleAnchor, readAnchor } from "./bundle-anchor.ts";
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
  /** Shows that the checkpoint is anchored to a chain; null when the bundle does not claim it. */
  readonly anchor: BundleAnchor | null;
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

/** The one format there is for a bundle without an anchor, and the one for a bundle with one. */
const formats = { plain: "koinon.bundle/1", anchored: "koinon.bundle/2" } as const;
const plainMembers = [
  "format",
  "receipt",
  "certificate",
  "quote",
  "manifest",
  "openings",
  "previous",
  "inclusion",
  "checkpoint",
] as const;
const anchoredMembers = [...plainMembers, "anchor"] as const;

/** Writes a bundle as canonical JSON; throws ReceiptsError when it is over `bundleBytesMax`. */
export function createBundle(bundle: Bundle): Uint8Array<ArrayBuffer> {
  const bytes = canonicalJsonBytes(bundleToJson(bundle));
  assertRule(bytes.length <= bundleBytesMax, "bundle", "", `more than ${bundleBytesMax} bytes`);
  return bytes;
}

/** The bundle's JSON: `koinon.bundle/1` without an anchor, `koinon.bundle/2` with one. */
export function bundleToJson(bundle: Bundle): JsonValue {
  const { previous, anchor } = bundle;
  return {
    format: anchor === null ? formats.plain : formats.anchored,
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
    ...(anchor === null ? {} : { anchor: anchorToJson(anchor) }),
  };
}

/**
 * Reads a bundle's form: sizes, members, spellings and the rules of its documents. Says nothing about whether it is true; that is
 * `verifyBundle`. Throws JsonError or ReceiptsError.
 */
export function parseBundle(bytes: Uint8Array): Bundle {
  const root = new JsonNode("bundle", parseStrictJson(bytes, { maxBytes: bundleBytesMax }));
  const format = root.member("format").oneOf([formats.plain, formats.anchored]);
  if (format === formats.plain) return { ...readPlain(root.members(plainMembers)), anchor: null };
  const { anchor, ...members } = root.members(anchoredMembers);
  return { ...readPlain(members), anchor: readAnchor(anchor) };
}

function readPlain(members: Record<(typeof plainMembers)[number], JsonNode>): Omit<Bundle, "anchor"> {
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
