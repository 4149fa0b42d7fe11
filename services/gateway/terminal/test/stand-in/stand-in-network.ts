import { noAnchoring, trustToJson } from "@koinon/receipts/trust";
import { bytesToHex } from "@koinon/secp256k1/hex";
import { SeededRandom } from "@koinon/testkit/seeded-random";
import { createParties, network, type Party, type PartyOffer } from "./parties.ts";
import { StandInLog } from "./stand-in-log.ts";
import { StandInMarket } from "./stand-in-market.ts";

const dayMs = 86_400_000;

/** A network in memory: parties, log, market, and some history. Everything in it is really signed; nothing in it is secure. */
export interface StandInNetwork {
  readonly parties: readonly Party[];
  readonly log: StandInLog;
  readonly market: StandInMarket;
  readonly random: SeededRandom;
  trustFile(): Uint8Array<ArrayBuffer>;
  newRequestId(): string;
  /** The healthy offer that the policy puts first. */
  choose(
    model: string,
    headers: Readonly<Record<string, string | undefined>>,
  ): { party: Party; offer: PartyOffer } | undefined;
}

/** Creates the network; the same seed gives the same parties and history. */
export function createStandInNetwork(seed: string, historyLength = 48): StandInNetwork {
  const random = new SeededRandom(seed);
  const now = Date.now();
  const parties = createParties(random, BigInt(now));
  const origin = `koinon.local/log/${bytesToHex(random.bytes(8)).slice(2)}`;
  const log = new StandInLog(origin, { log: random.bytes(32), witness: random.bytes(32) });
  const market = new StandInMarket({ log, random });
  const newRequestId = (): string => `req_${bytesToHex(random.bytes(16)).slice(2)}`;
  const standIn: StandInNetwork = {
    parties,
    log,
    market,
    random,
    newRequestId,
    trustFile: () => {
      const trust = {
        ...network,
        logs: [{ origin, vkey: log.vkey }],
        witnesses: { vkeys: [log.witnessVkey], threshold: 1 },
        providers: parties.map((party) => ({ root: party.root.address, name: party.name })),
        anchoring: noAnchoring,
      };
      return new TextEncoder().encode(JSON.stringify(trustToJson(trust), null, 2));
    },
    choose: (model, headers) => choose(parties, model, headers),
  };
  writeHistory(standIn, now, historyLength);
  return standIn;
}

function choose(parties: readonly Party[], model: string, headers: Readonly<Record<string, string | undefined>>) {
  const list = (name: string): string[] => headers[name]?.split(",") ?? [];
  const [only, exclude, regions] = [list("x-koinon-only"), list("x-koinon-exclude"), list("x-koinon-regions")];
  const able = parties.flatMap((party) => {
    const { address } = party.root;
    const offer = party.offers.find(({ manifest }) => manifest.name === model);
    if (offer === undefined || party.state !== "healthy" || exclude.includes(address)) return [];
    if (only.length > 0 && !only.includes(address)) return [];
    return regions.length === 0 || regions.includes(party.region) ? [{ party, offer }] : [];
  });
  const price = ({ offer }: { offer: PartyOffer }): number => Number(offer.quote.document.outputPrice);
  const latency = ({ party }: { party: Party }): number => party.latencyMs;
  const byLatency = headers["x-koinon-prefer"] === "latency";
  return able.sort((a, b) => (byLatency ? latency(a) - latency(b) : price(a) - price(b)))[0];
}

function writeHistory({ parties, market, random, newRequestId }: StandInNetwork, now: number, length: number): void {
  const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
  const serving = parties.flatMap((party) =>
    party.state === "unreachable" ? [] : party.offers.map((offer) => ({ party, offer })),
  );
  for (let index = 0; index < length; index += 1) {
    const at = now - 12 * dayMs + Math.floor(((12 * dayMs - 3_600_000) * index) / length);
    const { party, offer } = serving[(random.bytes(1)[0] as number) % serving.length] as (typeof serving)[number];
    const startedAt = at + (random.bytes(1)[0] as number) * 1000;
    market.settle({
      requestId: newRequestId(),
      party,
      offer,
      request: bytes(`request ${index}`),
      response: bytes(`response ${index}`),
      inputUnits: 12 + (random.bytes(1)[0] as number) * 3,
      outputUnits: offer.manifest.kind === "chat" ? 20 + (random.bytes(1)[0] as number) * 4 : 0,
      outcome: index % 17 === 16 ? 1 : 0,
      startedAt,
      finishedAt: startedAt + 900 + (random.bytes(1)[0] as number) * 20,
      logDelayMs: 0,
    });
    if (index === length - 5) market.void(newRequestId(), party, offer, "PROVIDER_BROKE_OFF");
  }
  market.appendDue(now);
}
