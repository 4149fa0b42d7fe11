import type { PartyOffer } from "./parties.ts";
import { receiptIdOf, type StandInSettlement } from "./stand-in-market.ts";
import type { StandInNetwork } from "./stand-in-network.ts";

/** `GET /v1/models`. */
export function modelsView({ parties }: StandInNetwork) {
  const bySubject = Map.groupBy(
    parties.flatMap((party) => party.offers.map((offer) => ({ party, offer }))),
    ({ offer }) => offer.subject,
  );
  const data = [...bySubject].map(([subject, offers]) => {
    const { manifest } = (offers[0] as (typeof offers)[number]).offer;
    return {
      id: manifest.name,
      object: "model",
      created: 1_790_000_000,
      owned_by: "koinon",
      koinon: {
        kind: manifest.kind,
        manifest: subject,
        context_tokens: manifest.contextTokens,
        license: manifest.licence,
        offers: offers.map(({ party, offer }) => ({
          provider: party.root.address,
          provider_name: party.name,
          region: party.region,
          state: party.state,
          ...prices(offer),
        })),
      },
    };
  });
  return { object: "list", data: data.sort((a, b) => (a.id < b.id ? -1 : 1)) };
}

/** `GET /v1/providers`. */
export function providersView({ parties }: StandInNetwork) {
  return {
    data: parties.map((party) => ({
      address: party.root.address,
      name: party.name,
      region: party.region,
      state: party.state,
      state_reason: party.stateReason,
      capacity: party.capacity,
      active: party.name === "Atlas" ? 3 : 0,
      latency_ms: party.latencyMs,
      served: party.served,
      failed: party.failed,
      last_seen: Date.now() - (party.state === "unreachable" ? 190_000 : 1_200),
      offers: party.offers.map((offer) => ({ model: offer.manifest.name, manifest: offer.subject, ...prices(offer) })),
    })),
  };
}

/** One entry of `GET /v1/receipts`. */
export function settlementView(settlement: StandInSettlement) {
  const { party, offer, receipt } = settlement;
  const document = receipt?.document;
  return {
    request_id: settlement.requestId,
    receipt_id: receiptIdOf(settlement),
    state: receipt === null ? "voided" : "settled",
    void_reason: settlement.voidReason,
    model: offer.manifest.name,
    manifest: offer.subject,
    endpoint: offer.manifest.kind === "chat" ? "/v1/chat/completions" : "/v1/embeddings",
    provider: party.root.address,
    provider_name: party.name,
    price_id: offer.priceId,
    reserved: "900",
    fee: document?.fee.toString() ?? null,
    input_units: document === undefined ? null : Number(document.inputUnits),
    output_units: document === undefined ? null : Number(document.outputUnits),
    outcome: document === undefined ? null : (["complete", "cancelled", "broken"][document.outcome] ?? null),
    relayed: receipt !== null,
    reserved_at: settlement.reservedAt,
    settled_at: document === undefined ? settlement.reservedAt + 500 : Number(document.finishedAt) + 4,
    started_at: document === undefined ? null : Number(document.startedAt),
    finished_at: document === undefined ? null : Number(document.finishedAt),
    log_index: settlement.logIndex,
    attempts: [
      { provider_name: party.name, outcome: receipt === null ? "PROVIDER_BROKE_OFF" : "served", duration_ms: 1_240 },
    ],
  };
}

/** `GET /v1/contributions`. */
export function contributionsView({ market, log }: StandInNetwork) {
  const logged = market.settlements.filter(({ logIndex }) => logIndex !== null);
  const groups = Map.groupBy(logged, ({ party, offer }) => `${party.name} ${offer.subject}`);
  const data = [...groups.values()].map((settlements) => {
    const { party, offer } = settlements[0] as StandInSettlement;
    const receipts = settlements.flatMap(({ receipt }) => (receipt === null ? [] : [receipt.document]));
    const sum = (pick: (receipt: (typeof receipts)[number]) => bigint): bigint =>
      receipts.reduce((all, each) => all + pick(each), 0n);
    const times = receipts.map(({ finishedAt }) => Number(finishedAt));
    return {
      provider: party.root.address,
      provider_name: party.name as string | null,
      kind: offer.manifest.kind === "chat" ? "inference" : "embedding",
      manifest: offer.subject,
      model: offer.manifest.name as string | null,
      receipts: receipts.length,
      input_units: sum(({ inputUnits }) => inputUnits).toString(),
      output_units: sum(({ outputUnits }) => outputUnits).toString(),
      fee: sum(({ fee }) => fee),
      first_at: Math.min(...times),
      last_at: Math.max(...times),
    };
  });
  data.sort((a, b) => (a.fee > b.fee ? -1 : 1));
  return {
    tree_size: log.size,
    data: data.map((each) => ({ ...each, fee: each.fee.toString() })),
    next_page_token: "",
  };
}

function prices({ quote, priceId }: PartyOffer) {
  const { inputPrice, outputPrice, requestPrice, validUntil } = quote.document;
  return {
    input_price: inputPrice.toString(),
    output_price: outputPrice.toString(),
    request_price: requestPrice.toString(),
    price_id: priceId,
    valid_until: Number(validUntil),
  };
}
