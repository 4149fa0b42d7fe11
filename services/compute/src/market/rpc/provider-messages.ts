import {
  type Provider,
  ProviderState,
  type RegisterProviderRequest,
} from "@koinon/contracts/koinon/compute/v1/market_service";
import type { SignedDocument } from "@koinon/contracts/koinon/receipt/v1/receipt";
import type { DocumentBytes } from "@koinon/receipts/document";
import { hexToBytes } from "@koinon/secp256k1/hex";
import type { ProviderState as State } from "../registry/provider-state.ts";
import type { RegistrationDocuments } from "../registry/registration.ts";
import type { ProviderEntry, Registry } from "../registry/registry.ts";
import { invalidField } from "./field.ts";

/** A provider announces at most 256 subjects; a request with more offers is not looked at. */
const offersMax = 256;

/** Reads a registration; throws MarketError `FIELD_INVALID` for parts that are missing. */
export function registrationFrom(message: RegisterProviderRequest): RegistrationDocuments {
  if (message.offers.length > offersMax) throw invalidField("offers", `more than ${offersMax}`);
  return {
    certificate: documentFrom(message.certificate, "certificate"),
    announcement: documentFrom(message.announcement, "announcement"),
    offers: message.offers.map(({ manifest, quote }) => ({ manifest, quote: documentFrom(quote, "offers.quote") })),
  };
}

function documentFrom(document: SignedDocument | undefined, field: string): DocumentBytes {
  if (document === undefined) throw invalidField(field, "missing");
  return document;
}

const states: Record<State["state"], ProviderState> = {
  healthy: ProviderState.HEALTHY,
  draining: ProviderState.DRAINING,
  unreachable: ProviderState.UNREACHABLE,
  failing: ProviderState.FAILING,
};

/** A provider as a message, with its state now and the offers in force now. */
export function providerMessage(entry: ProviderEntry, registry: Registry): Provider {
  const { registration, liveness, served, failed } = entry.record;
  const { state, reason } = registry.stateOf(entry);
  return {
    address: hexToBytes(registration.provider),
    name: registration.name,
    region: registration.region,
    state: states[state],
    stateReason: reason,
    capacity: registration.capacity,
    active: liveness.active,
    offers: registry.offersInForce(entry).map(({ manifest, quote }) => ({ manifest, quote: { ...quote } })),
    latencyMs: Math.round(entry.observations.latencyMs() ?? 0),
    served,
    failed,
    lastSeenMs: BigInt(liveness.lastSeenAt),
    certificate: { ...registration.certificate.bytes },
  };
}
