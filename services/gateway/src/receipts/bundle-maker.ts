import { type Settlement, SettlementState } from "@koinon/contracts/koinon/compute/v1/market_service";
import type {
  GetInclusionProofRequest,
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
import type { TrustFile } from "../deployment/trust-file.ts";
import { GatewayError } from "../errors.ts";
import { type AnchorChoice, anchorWishOf, bundleAnchorOf } from "./anchor-choice.ts";

/** Options of making bundles. */
export interface BundleMakerOptions {
  /** How long to wait for a checkpoint that covers the receipt, in milliseconds. */
  readonly waitMs: number;
}

/** What a bundle maker works with. */
export interface BundleMakerDependencies {
  /** Undefined when the log is switched off. */
  readonly log: Pick<Client<LogServiceDefinition>, "getInclusionProof"> | undefined;
  /** What the readers of this deployment's bundles pin. */
  readonly trust: Pick<TrustFile, "current" | "trimCheckpoint">;
}

/** How one bundle is made. */
export interface MakeOptions {
  readonly anchor: AnchorChoice;
  readonly signal: AbortSignal;
}

// The log may not have heard of a receipt that was settled a moment ago, nor have signed a checkpoint that covers it.
const pending: ReadonlySet<string> = new Set([
  "RECEIPT_NOT_LOGGED",
  "CHECKPOINT_PENDING",
  "NO_CHECKPOINT",
  "DEADLINE_EXCEEDED",
]);
const RETRY_MS = 1_000;
// Anchors are minutes apart.
const ANCHOR_RETRY_MS = 30_000;
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

  /** The bundle's bytes. Throws NO_RECEIPT, NOT_LOGGED_YET, NOT_ANCHORED_YET or MODULE_DISABLED. */
  async make(id: string, settlement: Settlement, { anchor: choice, signal }: MakeOptions): Promise<Uint8Array> {
    if (settlement.state === SettlementState.VOIDED)
      throw new GatewayError({ code: "NO_RECEIPT", id, state: "voided" });
    if (settlement.state !== SettlementState.SETTLED) throw notLoggedYet(id);
    const { trust } = this.#dependencies;
    const pinned = (await trust.current())?.trust;
    const request = { receiptId: settlement.receiptId, anchor: anchorWishOf(choice, pinned) };
    const proof = await this.#prove(id, request, signal);
    const checkpoint = await trust.trimCheckpoint(proof.checkpoint);
    const anchor = bundleAnchorOf(proof.anchor, choice, pinned);
    return createBundle({ ...documentsOf(settlement), ...proofOf(proof), checkpoint, anchor });
  }

  async #prove(
    id: string,
    { receiptId, anchor }: Omit<GetInclusionProofRequest, "waitMs">,
    signal: AbortSignal,
  ): Promise<GetInclusionProofResponse> {
    const { log } = this.#dependencies;
    if (log === undefined) throw new GatewayError({ code: "MODULE_DISABLED", module: "poi" });
    const { waitMs } = this.#options;
    try {
      return await log.getInclusionProof({ receiptId, waitMs, anchor }, { signal, timeoutMs: waitMs + CALL_SLACK_MS });
    } catch (error) {
      if (!(error instanceof RpcError) || signal.aborted) throw error;
      if (pending.has(error.code)) throw notLoggedYet(id, error);
      if (error.code === "ANCHOR_PENDING")
        throw new GatewayError({ code: "NOT_ANCHORED_YET", id, retryAfterMs: ANCHOR_RETRY_MS }, { cause: error });
      if (error.code === "ANCHORING_OFF") throw new GatewayError({ code: "MODULE_DISABLED", module: "anchoring" });
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
