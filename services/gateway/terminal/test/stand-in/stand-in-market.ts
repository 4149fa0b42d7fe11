import { type Bundle, createBundle } from "@koinon/receipts/bundle";
import { commitmentOf, digestOf, type Opening } from "@koinon/receipts/commitment";
import { documentId, type Signed, signDocument } from "@koinon/receipts/document";
import { encodeLogEntry } from "@koinon/receipts/log-entry";
import { quoteFee } from "@koinon/receipts/quote";
import { type Receipt, receiptDocument, zeroHash } from "@koinon/receipts/receipt";
import { requestIdFromHeader } from "@koinon/receipts/request-id";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex } from "@koinon/secp256k1/hex";
import type { SeededRandom } from "@koinon/testkit/seeded-random";
import { domain, type Party, type PartyOffer } from "./parties.ts";
import type { StandInLog } from "./stand-in-log.ts";

/** One request with everything that is known of it. */
export interface StandInSettlement {
  readonly requestId: string;
  readonly party: Party;
  readonly offer: PartyOffer;
  readonly reservedAt: number;
  readonly voidReason: string | null;
  readonly receipt: Signed<Receipt> | null;
  readonly openings: { readonly input: Opening; readonly output: Opening } | null;
  readonly previous: StandInSettlement | null;
  logIndex: number | null;
  /** From when on the log holds it, milliseconds since the epoch. */
  loggedFrom: number;
}

/** What was served. */
export interface Served {
  readonly requestId: string;
  readonly party: Party;
  readonly offer: PartyOffer;
  readonly request: Uint8Array;
  readonly response: Uint8Array;
  readonly inputUnits: number;
  readonly outputUnits: number;
  readonly outcome: 0 | 1;
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly logDelayMs: number;
}

interface Session {
  readonly id: Uint8Array;
  last: StandInSettlement | null;
  sequence: bigint;
}

const dayMs = 86_400_000;

/** Settles what was served: signs receipts, chains sessions, logs entries, makes bundles. Development only: it trusts itself. */
export class StandInMarket {
  readonly settlements: StandInSettlement[] = [];
  readonly #log: StandInLog;
  readonly #random: SeededRandom;
  readonly #consumer: ReturnType<typeof createSigner>;
  readonly #sessions = new Map<Party, Session>();
  readonly #logged = new Set<string>();

  constructor(dependencies: { readonly log: StandInLog; readonly random: SeededRandom }) {
    this.#log = dependencies.log;
    this.#random = dependencies.random;
    this.#consumer = createSigner(dependencies.random.bytes(32));
  }

  /** Signs and books a receipt for what was served. */
  settle(served: Served): StandInSettlement {
    const session = this.#session(served.party);
    const opening = (bytes: Uint8Array): Opening => ({
      blinding: bytesToHex(this.#random.bytes(32)),
      digest: digestOf(bytes),
    });
    const openings = { input: opening(served.request), output: opening(served.response) };
    const previous = session.last;
    const signed = signDocument(receiptDocument, this.#receiptOf(served, openings, session), {
      domain,
      signer: served.party.serving,
    });
    const settlement: StandInSettlement = {
      requestId: served.requestId,
      party: served.party,
      offer: served.offer,
      reservedAt: served.startedAt - 3,
      voidReason: null,
      receipt: signed,
      openings,
      previous,
      logIndex: null,
      loggedFrom: served.finishedAt + served.logDelayMs,
    };
    session.last = settlement;
    session.sequence += 1n;
    // What is not to be logged soon would keep back every proof that builds on it.
    if (served.logDelayMs > dayMs / 48) this.#sessions.delete(served.party);
    served.party.served += 1;
    this.settlements.unshift(settlement);
    return settlement;
  }

  /** Gives a reservation back. */
  void(requestId: string, party: Party, offer: PartyOffer, reason: string): void {
    party.failed += 1;
    this.settlements.unshift({
      requestId,
      party,
      offer,
      reservedAt: Date.now(),
      voidReason: reason,
      receipt: null,
      openings: null,
      previous: null,
      logIndex: null,
      loggedFrom: 0,
    });
  }

  /** Appends what is due to the log, oldest first. */
  appendDue(now: number): void {
    for (const settlement of this.settlements.toReversed()) {
      if (settlement.receipt === null || settlement.logIndex !== null || settlement.loggedFrom > now) continue;
      const { certificate, name } = settlement.party;
      this.#appendOnce(`certificate ${name}`, encodeLogEntry({ type: "certificate", signed: certificate }));
      this.#appendOnce(settlement.offer.priceId, encodeLogEntry({ type: "quote", signed: settlement.offer.quote }));
      settlement.logIndex = this.#log.append(encodeLogEntry({ type: "receipt", signed: settlement.receipt }));
    }
  }

  /** The proof bundle of a logged settlement. */
  async bundleOf(settlement: StandInSettlement): Promise<Uint8Array> {
    const { receipt, openings, previous, party, offer, logIndex } = settlement;
    if (receipt === null || openings === null || logIndex === null) throw new Error("not logged");
    const bundle: Bundle = {
      receipt,
      certificate: party.certificate,
      quote: offer.quote,
      manifest: offer.manifest,
      openings,
      previous:
        previous === null
          ? null
          : {
              receipt: previous.receipt as Signed<Receipt>,
              certificate: previous.party.certificate,
              inclusion: await this.#log.prove(previous.logIndex as number),
            },
      inclusion: await this.#log.prove(logIndex),
      checkpoint: await this.#log.checkpoint(),
      anchor: null,
    };
    return createBundle(bundle);
  }

  #receiptOf(served: Served, openings: { input: Opening; output: Opening }, session: Session): Receipt {
    const usage = { inputUnits: BigInt(served.inputUnits), outputUnits: BigInt(served.outputUnits) };
    const last = session.last?.receipt?.document;
    return {
      kind: served.offer.manifest.kind === "chat" ? 1 : 2,
      outcome: served.outcome,
      requestId: requestIdFromHeader(served.requestId),
      session: bytesToHex(session.id),
      sequence: session.sequence,
      previous: last === undefined ? zeroHash : documentId(receiptDocument, last, domain),
      consumer: this.#consumer.address,
      provider: served.party.root.address,
      subject: served.offer.subject,
      inputHash: commitmentOf(openings.input),
      outputHash: commitmentOf(openings.output),
      ...usage,
      priceId: served.offer.priceId,
      fee: quoteFee(served.offer.quote.document, usage),
      startedAt: BigInt(served.startedAt),
      finishedAt: BigInt(served.finishedAt),
      evidence: zeroHash,
      parents: [],
    };
  }

  #session(party: Party): Session {
    const known = this.#sessions.get(party);
    if (known !== undefined) return known;
    const session = { id: this.#random.bytes(32), last: null, sequence: 0n };
    this.#sessions.set(party, session);
    return session;
  }

  #appendOnce(name: string, entry: Uint8Array): void {
    if (this.#logged.has(name)) return;
    this.#logged.add(name);
    this.#log.append(entry);
  }
}

/** The id of a receipt, or null. */
export function receiptIdOf({ receipt }: StandInSettlement): string | null {
  return receipt === null ? null : documentId(receiptDocument, receipt.document, domain);
}
