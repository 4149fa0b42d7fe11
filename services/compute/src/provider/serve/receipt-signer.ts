import type { Domain } from "@koinon/eip712/domain";
import { contentDigest } from "@koinon/receipts/document";
import type { Prices } from "@koinon/receipts/quote";
import { quoteFee } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument, receiptKind, receiptOutcome, zeroHash } from "@koinon/receipts/receipt";
import type { Address } from "@koinon/secp256k1/address";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import { nativeCommitment } from "../../native-commitment.ts";
import type { JournaledReceipt } from "../journal/journal-record.ts";
import type { ReceiptJournal } from "../journal/receipt-journal.ts";

/** A digest, what blinds it, and the commitment to it: SHA-256(blinding ‖ digest). */
export interface Commitment {
  readonly blinding: Buffer;
  readonly digest: Uint8Array;
  readonly commitment: Hex;
}

/** What was done for a request, ready to be signed. */
export interface FinishedWork {
  readonly kind: keyof typeof receiptKind;
  readonly outcome: "complete" | "cancelled";
  readonly requestId: Hex;
  readonly consumer: Address;
  readonly subject: Hex;
  readonly priceId: Hex;
  readonly prices: Prices;
  readonly input: Commitment;
  readonly output: Commitment;
  readonly inputUnits: number;
  readonly outputUnits: number;
  readonly startedAt: number;
  readonly finishedAt: number;
}

export interface ReceiptSignerDependencies {
  readonly domain: Domain;
  readonly provider: Address;
  readonly signer: Signer;
  readonly journal: ReceiptJournal;
  readonly random: { bytes(count: number): Uint8Array };
}

/**
 * Signs receipts and keeps each consumer's chain. Signing, chaining and journaling are one synchronous step, so that concurrent requests
 * of a consumer can not take the same place in its session.
 */
export class ReceiptSigner {
  readonly #dependencies: ReceiptSignerDependencies;

  constructor(dependencies: ReceiptSignerDependencies) {
    this.#dependencies = dependencies;
  }

  /** Commits to a SHA-256 digest under a blinding of its own. */
  commit(digest: Uint8Array): Commitment {
    const blinding = Buffer.from(this.#dependencies.random.bytes(32));
    return { blinding, digest, commitment: nativeCommitment(blinding, digest) };
  }

  /** The signed receipt; it is in the journal when this returns. */
  sign(work: FinishedWork): JournaledReceipt {
    const { provider, journal } = this.#dependencies;
    const { input, output } = work;
    const usage = { inputUnits: BigInt(work.inputUnits), outputUnits: BigInt(work.outputUnits) };
    const { kept, session } = this.#chain({
      kind: receiptKind[work.kind],
      outcome: receiptOutcome[work.outcome],
      requestId: work.requestId,
      consumer: work.consumer,
      provider,
      subject: work.subject,
      inputHash: input.commitment,
      outputHash: output.commitment,
      ...usage,
      priceId: work.priceId,
      fee: quoteFee(work.prices, usage),
      startedAt: BigInt(work.startedAt),
      finishedAt: BigInt(work.finishedAt),
      evidence: zeroHash,
      parents: [],
    });
    const openings = {
      inputBlinding: input.blinding,
      inputDigest: input.digest,
      outputBlinding: output.blinding,
      outputDigest: output.digest,
    };
    const receipt = { ...kept, ...openings };
    journal.add(receipt, session);
    return receipt;
  }

  /**
   * Signs a receipt that waits once more, for the same work, in its consumer's present session: the one it was signed in has ended, and a receipt
   * can only be settled behind the one before it.
   */
  signAgain(receipt: JournaledReceipt): void {
    const { session: _, sequence: __, previous: ___, ...work } = receiptDocument.struct.decode(receipt.content);
    const { kept, session } = this.#chain(work);
    this.#dependencies.journal.replace(receipt.receiptId, { ...receipt, ...kept }, session);
  }

  /** The work as the next receipt of its consumer's session. */
  #chain(work: Omit<Receipt, "session" | "sequence" | "previous">) {
    const { domain, signer, journal, random } = this.#dependencies;
    const consumer = toBuffer(work.consumer);
    const last = journal.session(consumer);
    const session = last?.session ?? Buffer.from(random.bytes(32));
    const sequence = last === undefined ? 0n : last.sequence + 1n;
    const previous = last === undefined ? zeroHash : bytesToHex(last.receiptId);
    const receipt: Receipt = { ...work, session: bytesToHex(session), sequence, previous };
    receiptDocument.check(receipt);
    const content = receiptDocument.struct.encode(receipt);
    const digest = contentDigest(receiptDocument, content, domain);
    const receiptId = Buffer.from(digest);
    const kept = { receiptId, requestId: toBuffer(work.requestId), content, signature: signer.sign(digest) };
    return { kept, session: { consumer, session, sequence, receiptId } };
  }
}

function toBuffer(hex: Hex): Buffer {
  return Buffer.from(hex.slice(2), "hex");
}
