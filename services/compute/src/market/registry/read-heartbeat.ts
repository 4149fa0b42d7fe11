import type { Domain } from "@koinon/eip712/domain";
import { DomainError } from "@koinon/errors/domain-error";
import { type DocumentBytes, decodeDocument, recoverDocumentSigner } from "@koinon/receipts/document";
import { heartbeatDocument } from "@koinon/receipts/heartbeat";
import type { Address } from "@koinon/secp256k1/address";
import { MarketError } from "../errors.ts";
import type { CheckedHeartbeat } from "./registry-store.ts";

/** How far a provider's clock may be from the market's, in ms. */
const clockSkewMs = 60_000;

/** Reads a heartbeat and who signed it; whether that is the provider's key is for the caller. Throws MarketError `HEARTBEAT_REFUSED`. */
export function readHeartbeat(
  bytes: DocumentBytes,
  { domain, now }: { domain: Domain; now: number },
): { heartbeat: CheckedHeartbeat; signer: Address } {
  try {
    const signed = decodeDocument(heartbeatDocument, bytes);
    const { provider, sentAt, active, queued, draining } = signed.document;
    if (Math.abs(Number(sentAt) - now) > clockSkewMs) {
      throw new MarketError({ code: "HEARTBEAT_REFUSED", reason: "sent more than a minute from now" });
    }
    const heartbeat = { provider, sentAt: Number(sentAt), active: count(active), queued: count(queued), draining };
    return { heartbeat, signer: recoverDocumentSigner(heartbeatDocument, signed, domain) };
  } catch (cause) {
    if (!(cause instanceof DomainError) || cause instanceof MarketError) throw cause;
    throw new MarketError({ code: "HEARTBEAT_REFUSED", reason: cause.message }, { cause });
  }
}

/** As many as the store's integers hold. */
function count(value: bigint): number {
  return Number(value < 0x7fff_ffffn ? value : 0x7fff_ffffn);
}
