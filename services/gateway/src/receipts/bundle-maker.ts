import { type Settlement, SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import type {
  GetInclusionProofResponse,
  InclusionProof,
  LogServiceDefinition,
  PreviousEntry,
} from "@koinon/contracts/koinon/poi/v1/log_service";
import type { Opening } from "@koinon/contracts/koinon/receipt/v1/receipt";
import { type Bundle, createBundle, type Inclusion, type PreviousReceipt } from "@koinon/receipts/bundle";
import { certificateDocument } from "@koinon/receipts/certificate";
import { decodeDocument } from "@koinon/receipts/document";
import { decodeLogEntry } from "@koinon/receipts/log-entry";
import { parseManifest } from "@koinon/receipts/manifest";
import { quoteDocument } from "@koinon/receipts/quote";
import { receiptDocument } from "@koinon/receipts/receipt";
import type { Client } from "@koinon/rpc/handler";
import { RpcError } from "@koinon/rpc/rpc-error";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { GatewayError } from "../errors.ts";

/** Options of making bundles. */
export interface BundleMakerOptions {
  /** How long to wait for a checkpoint that covers the receipt, in milliseconds. */
  readonly waitMs: number;
}

/** What a bundle maker works with. */
export interface BundleMakerDependencies {
  /** Undefined when the log is switched off. */
  readonly log: Pick<Client<LogServiceDefinition>, "getInclusionProof"> | undefined;
  /** Leaves of a checkpoint's signatures only those that readers of this deployment's trust file know. */
  trimCheckpoint(note: string): Promise<string>;
}

// The log may not have heard of a receipt that was settled a moment ago, nor have signed a checkpoint that covers it.
const pending: ReadonlySet<string> = new Set([
  "RECEIPT_NOT_LOGGED",
  "CHECKPOINT_PENDING",
  "NO_CHECKPOINT",
  "DEADLINE_EXCEEDED",
]);
const RETRY_MS = 1_000;
// On top of the wait itself, for the call and the proof.
const CALL_SLACK_MS = 2_000;

/** Puts together what the market and the log know of one receipt. */
export class BundleMaker {
  readonly #options: BundleMakerOptions;
  readonly #dependencies: BundleMakerDependencies;

  constructor(options: BundleMakerOptions, dependencies: BundleMakerDependencies) {
    this.#options = options;
    this.#dependencies = dependencies;
  }

  /** The bundle's bytes. Throws NO_RECEIPT, NOT_LOGGED_YET or MODULE_DISABLED. */
  async make(id: string, settlement: Settlement, signal: AbortSignal): Promise<Uint8Array> {
    if (settlement.state === SettlementState.VOIDED)
      throw new GatewayError({ code: "NO_RECEIPT", id, state: "voided" });
    if (settlement.state !== SettlementState.SETTLED) throw notLoggedYet(id);
    const proof = await this.#prove(id, settlement.receiptId, signal);
    const checkpoint = await this.#dependencies.trimCheckpoint(proof.checkpoint);
    return createBundle({ ...documentsOf(settlement), ...proofOf(proof), checkpoint, anchor: null });
  }

  async #prove(id: string, receiptId: Uint8Array, signal: AbortSignal): Promise<GetInclusionProofResponse> {
    const { log } = this.#dependencies;
    if (log === undefined) throw new GatewayError({ code: "MODULE_DISABLED", module: "poi" });
    const { waitMs } = this.#options;
    try {
      return await log.getInclusionProof({ receiptId, waitMs }, { signal, timeoutMs: waitMs + CALL_SLACK_MS });
    } catch (error) {
      if (error instanceof RpcError && pending.has(error.code) && !signal.aborted) throw notLoggedYet(id, error);
      throw error;
    }
  }
}

function notLoggedYet(id: string, cause?: unknown): GatewayError {
  return new GatewayError({ code: "NOT_LOGGED_YET", id, retryAfterMs: RETRY_MS }, { cause });
}

function documentsOf({
  receipt,
  certificate,
  quote,
  manifest,
}: Settlement): Pick<Bundle, "receipt" | "certificate" | "quote" | "manifest" | "openings"> {
  return {
    receipt: decodeDocument(receiptDocument, given(receipt?.receipt)),
    certificate: decodeDocument(certificateDocument, given(certificate)),
    quote: decodeDocument(quoteDocument, given(quote)),
    manifest: parseManifest(manifest),
    openings: { input: openingOf(given(receipt?.input)), output: openingOf(given(receipt?.output)) },
  };
}

function proofOf({ inclusion, previous }: GetInclusionProofResponse): Pick<Bundle, "previous" | "inclusion"> {
  return { inclusion: inclusionOf(given(inclusion)), previous: previous === undefined ? null : previousOf(previous) };
}

function previousOf({ entry, certificateEntry, inclusion }: PreviousEntry): PreviousReceipt {
  const receipt = decodeLogEntry(entry);
  const certificate = decodeLogEntry(certificateEntry);
  if (receipt.type !== "receipt" || certificate.type !== "certificate")
    throw new TypeError("the log answered entries of other types");
  return { receipt: receipt.signed, certificate: certificate.signed, inclusion: inclusionOf(given(inclusion)) };
}

function openingOf({ blinding, digest }: Opening) {
  return { blinding: bytesToHex(blinding), digest: bytesToHex(digest) };
}

function inclusionOf({ index, hashes }: InclusionProof): Inclusion {
  return { index, hashes: hashes.map((hash) => bytesToHex(hash)) };
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new TypeError("a service left out what its contract promises");
  return value;
}
