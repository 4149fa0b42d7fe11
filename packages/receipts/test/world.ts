import { createHash } from "node:crypto";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import { sampleAnchor } from "@koinon/solidity/sample-anchor";
import { formatCheckpoint, parseCheckpoint } from "@koinon/tlog/checkpoint";
import { nodeEd25519 } from "@koinon/tlog/ed25519-node";
import { formatNote, parseNote } from "@koinon/tlog/note";
import { createSignerKey, formatVerifierKey } from "@koinon/tlog/note-key";
import { cosignNote, signNote } from "@koinon/tlog/note-signature";
import type { Bundle, Inclusion } from "../src/bundle.ts";
import { certificateDocument, type KeyCertificate } from "../src/certificate.ts";
import { commitmentOf, digestOf, type Opening } from "../src/commitment.ts";
import { documentId, type Signed, signDocument } from "../src/document.ts";
import { createKoinonDomain } from "../src/domain.ts";
import { encodeLogEntry } from "../src/log-entry.ts";
import { type Manifest, manifestHash } from "../src/manifest.ts";
import { type Quote, quoteDocument, quoteFee } from "../src/quote.ts";
import { type Receipt, receiptDocument, zeroHash } from "../src/receipt.ts";
import { requestIdFromHeader } from "../src/request-id.ts";
import { noAnchoring, type Trust, type TrustedChain } from "../src/trust.ts";
import { auditPath, treeHash } from "./naive-tree.ts";

/** What a generated world varies. */
export interface WorldOptions {
  /** Everything random follows from it. */
  readonly seed: string;
  readonly kind: "chat" | "embedding";
  /** Receipts of the session before this one; the last of them is the bundle's previous one. */
  readonly sequence: number;
  /** The provider's key was replaced since the previous receipt. */
  readonly rotated: boolean;
  readonly inputUnits: bigint;
  readonly outputUnits: bigint;
  readonly prices: Pick<Quote, "inputPrice" | "outputPrice" | "requestPrice">;
  readonly outcome: number;
  readonly parents: number;
  /** Other entries in the log: before, between and after the two receipts. */
  readonly foreign: readonly [before: number, between: number, after: number];
  readonly witnesses: number;
  readonly threshold: number;
  readonly request: Uint8Array;
  readonly response: Uint8Array;
  /** Block headers of the anchor; undefined for a bundle without one. */
  readonly anchorBlocks: number | undefined;
}

/** A network with one answered request: what a verifier is given, and the keys to forge with. */
export interface World {
  readonly options: WorldOptions;
  readonly trust: Trust;
  readonly bundle: Bundle;
  readonly root: Signer;
  readonly serving: Signer;
  readonly entries: readonly Uint8Array[];
  random(label: string): Uint8Array;
  /** Signs the receipt again after a change, logs it in place of the old one and proves it: a world where this is the truth. */
  remake(change: Partial<Receipt>): Bundle;
  /** The note for these entries, by the world's log and witnesses. */
  checkpointOf(entries: readonly Uint8Array[]): string;
}

export const network = { chainId: 31_337n, verifyingContract: `0x${"00".repeat(20)}` } as const;
export const domain = createKoinonDomain(network);

const at = 1_700_000_000_000n;

export const plainOptions: WorldOptions = {
  seed: "plain",
  kind: "chat",
  sequence: 0,
  rotated: false,
  inputUnits: 31n,
  outputUnits: 128n,
  prices: { inputPrice: 150_000n, outputPrice: 600_000n, requestPrice: 2n },
  outcome: 0,
  parents: 0,
  foreign: [3, 2, 2],
  witnesses: 0,
  threshold: 0,
  request: new TextEncoder().encode('{"model":"smollm2","messages":[{"role":"user","content":"hi"}]}'),
  response: new TextEncoder().encode('{"choices":[{"message":{"role":"assistant","content":"Hello!"}}]}'),
  anchorBlocks: undefined,
};

/** Builds a world in which everything is true. */
export function createWorld(change: Partial<WorldOptions> = {}): World {
  const options = { ...plainOptions, ...change };
  const random = (label: string): Uint8Array => createHash("sha256").update(`${options.seed} ${label}`).digest();
  const root = createSigner(random("root key"));
  const oldServing = createSigner(random("serving key 1"));
  const serving = options.rotated ? createSigner(random("serving key 2")) : oldServing;
  const epoch = options.rotated ? 2n : 1n;
  const certificate = certify(root, serving, epoch);
  const previousCertificate = certify(root, oldServing, 1n);

  const manifest = manifestOf(options, random);
  const quote = signDocument(quoteDocument, quoteOf(options, root, manifest), { domain, signer: serving });
  const openings = {
    input: { blinding: bytesToHex(random("input blinding")), digest: digestOf(options.request) },
    output: { blinding: bytesToHex(random("output blinding")), digest: digestOf(options.response) },
  };
  const base = receiptOf(options, { random, root, quote: quote.document, openings });
  const previous = options.sequence === 0 ? null : previousOf(base, { random, domain, signer: oldServing });
  const receipt: Receipt =
    previous === null ? base : { ...base, previous: documentId(receiptDocument, previous.document, domain) };

  const logKey = createSignerKey("koinon.local/log", "ed25519", random("log key"), nodeEd25519);
  const witnessKeys = Array.from({ length: options.witnesses }, (_, index) =>
    createSignerKey(`witness${index}.example`, "cosignature", random(`witness ${index}`), nodeEd25519),
  );
  const origin = `koinon.local/log/${bytesToHex(random("origin")).slice(2, 18)}`;
  const checkpointOf = (entries: readonly Uint8Array[]): string => {
    const text = formatCheckpoint({ origin, size: BigInt(entries.length), root: treeHash(entries), extensions: [] });
    const cosignatures = witnessKeys.map((key) => cosignNote(text, key, at / 1000n + 5n, nodeEd25519));
    return formatNote({ text, signatures: [signNote(text, logKey, nodeEd25519), ...cosignatures] });
  };

  const make = (document: Receipt): { bundle: Bundle; entries: Uint8Array[]; chains: readonly TrustedChain[] } => {
    const signed = signDocument(receiptDocument, document, { domain, signer: serving });
    const log = logOf(options, random, previous, signed);
    const checkpoint = checkpointOf(log.entries);
    const anchored = options.anchorBlocks === undefined ? undefined : anchorNote(checkpoint, options.anchorBlocks);
    return {
      entries: log.entries,
      chains: anchored === undefined ? [] : [anchored.chain],
      bundle: {
        receipt: signed,
        certificate,
        quote,
        manifest,
        openings,
        previous: previous && {
          receipt: previous,
          certificate: previousCertificate,
          inclusion: prove(log.entries, log.previousIndex),
        },
        inclusion: prove(log.entries, log.index),
        checkpoint,
        anchor: anchored?.anchor ?? null,
      },
    };
  };

  const { bundle, entries, chains } = make(receipt);
  const trust: Trust = {
    ...network,
    logs: [{ origin, vkey: formatVerifierKey(logKey) }],
    witnesses: { vkeys: witnessKeys.map(formatVerifierKey), threshold: options.threshold },
    providers: [{ root: root.address, name: "Atlas" }],
    anchoring: chains.length === 0 ? noAnchoring : { chains, required: false },
  };
  return {
    options,
    trust,
    bundle,
    root,
    serving,
    entries,
    random,
    checkpointOf,
    remake: (edit) => make({ ...receipt, ...edit }).bundle,
  };
}

/** A chain that this note's checkpoint is anchored to. */
export function anchorNote(note: string, blocks: number) {
  return sampleAnchor(parseCheckpoint(parseNote(note).text), { blocks });
}

/** The inclusion proof of one entry. */
export function prove(entries: readonly Uint8Array[], index: number): Inclusion {
  return { index: BigInt(index), hashes: auditPath(index, entries).map(bytesToHex) };
}

/** A serving certificate around the world's time. */
export function certify(
  root: Signer,
  serving: Signer,
  epoch: bigint,
  change: Partial<KeyCertificate> = {},
): Signed<KeyCertificate> {
  const certificate: KeyCertificate = {
    root: root.address,
    key: serving.address,
    purpose: "serving",
    epoch,
    notBefore: at - 86_400_000n,
    notAfter: at + 86_400_000n,
    ...change,
  };
  return signDocument(certificateDocument, certificate, { domain, signer: root });
}

function manifestOf({ kind }: WorldOptions, random: World["random"]): Manifest {
  return {
    format: "koinon.manifest/1",
    name: `${kind}-model`,
    kind,
    weights: { format: "gguf", hash: bytesToHex(random("weights")), sizeBytes: 98_362_432 },
    tokenizerHash: bytesToHex(random("tokenizer")),
    chatTemplateHash: kind === "chat" ? bytesToHex(random("template")) : null,
    engine: { name: "llama.cpp", version: "b7000" },
    quantisation: "Q4_1",
    contextTokens: 2048,
    licence: "Apache-2.0",
    author: "Somebody",
    provenance: { source: "file:model.gguf", baseModel: null, datasets: ["corpus-a", "corpus-b"] },
  };
}

function quoteOf({ prices }: WorldOptions, root: Signer, manifest: Manifest): Quote {
  return {
    provider: root.address,
    subject: manifestHash(manifest),
    version: 3n,
    ...prices,
    validFrom: at - 60_000n,
    validUntil: at + 60_000n,
  };
}

interface ReceiptParts {
  readonly random: World["random"];
  readonly root: Signer;
  readonly quote: Quote;
  readonly openings: { readonly input: Opening; readonly output: Opening };
}

function receiptOf(options: WorldOptions, { random, root, quote, openings }: ReceiptParts): Receipt {
  const { inputUnits, outputUnits } = options;
  return {
    kind: options.kind === "chat" ? 1 : 2,
    outcome: options.outcome,
    requestId: requestIdFromHeader(`req_${bytesToHex(random("request")).slice(2, 34)}`),
    session: bytesToHex(random("session")),
    sequence: BigInt(options.sequence),
    previous: zeroHash,
    consumer: createSigner(random("consumer")).address,
    provider: root.address,
    subject: quote.subject,
    inputHash: commitmentOf(openings.input),
    outputHash: commitmentOf(openings.output),
    inputUnits,
    outputUnits,
    priceId: documentId(quoteDocument, quote, domain),
    fee: quoteFee(options.prices, { inputUnits, outputUnits }),
    startedAt: at,
    finishedAt: at + 1_500n,
    evidence: zeroHash,
    parents: Array.from({ length: options.parents }, (_, index): Hex => bytesToHex(random(`parent ${index}`))),
  };
}

function previousOf(
  receipt: Receipt,
  { random, ...by }: { random: World["random"]; domain: typeof domain; signer: Signer },
): Signed<Receipt> {
  const sequence = receipt.sequence - 1n;
  const document: Receipt = {
    ...receipt,
    requestId: requestIdFromHeader(`req_${bytesToHex(random("previous request")).slice(2, 34)}`),
    sequence,
    previous: sequence === 0n ? zeroHash : bytesToHex(random("receipt before the previous")),
    inputHash: bytesToHex(random("previous input")),
    outputHash: bytesToHex(random("previous output")),
    startedAt: receipt.startedAt - 9_000n,
    finishedAt: receipt.startedAt - 8_000n,
    parents: [],
  };
  return signDocument(receiptDocument, document, by);
}

function logOf(
  options: WorldOptions,
  random: World["random"],
  previous: Signed<Receipt> | null,
  receipt: Signed<Receipt>,
) {
  const [before, between, after] = options.foreign;
  const foreign = (part: string, count: number): Uint8Array[] =>
    Array.from({ length: count }, (_, index) => random(`foreign ${part} ${index}`));
  const entries = foreign("before", before);
  const previousIndex = entries.length;
  if (previous !== null) entries.push(encodeLogEntry({ type: "receipt", signed: previous }));
  entries.push(...foreign("between", between));
  const index = entries.length;
  entries.push(encodeLogEntry({ type: "receipt", signed: receipt }), ...foreign("after", after));
  return { entries, index, previousIndex };
}
