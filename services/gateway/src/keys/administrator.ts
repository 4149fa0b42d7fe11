import type { KeyStore } from "../store/key-store.ts";
import { generateApiKey } from "./api-key.ts";
import type { KeyIssuer } from "./key-issuer.ts";
import type { CreateKey } from "./key-schemas.ts";
import type { Seed } from "./seed.ts";

/** The first key of a deployment. */
export interface AdministratorKey {
  readonly id: string;
  /** The key itself. */
  readonly key: string;
}

/** What making an administrator's key needs. */
export interface AdministratorDependencies {
  readonly store: KeyStore;
  readonly issuer: KeyIssuer;
  readonly seed: Seed;
}

const HOST = "host";
const GENERATIONS_MAX = 1_000;

/**
 * Makes sure that the deployment has an administrator's key, and answers it: the one that was configured, else the one that
 * follows from the seed. It is the same at every start, and only its hash is stored. When it was revoked the next one in the
 * seed's row takes its place: who holds the seed holds the deployment.
 */
export async function bootstrapAdministrator(
  options: { readonly configured: string | undefined; readonly budget: string },
  { store, issuer, seed }: AdministratorDependencies,
  signal?: AbortSignal,
): Promise<AdministratorKey> {
  const request: CreateKey = {
    name: "administrator",
    budget: options.budget,
    scopes: ["inference", "receipts", "admin"],
  };
  const text = options.configured ?? (await firstUnrevoked(store, seed, signal));
  const record = await issuer.adopt(text, request, HOST, signal);
  return { id: record.id, key: text };
}

async function firstUnrevoked(store: KeyStore, seed: Seed, signal?: AbortSignal): Promise<string> {
  for (let generation = 0; generation < GENERATIONS_MAX; generation++) {
    const { id, text } = generateApiKey(seed.creationRandomness(HOST, `administrator/${generation}`));
    const record = await store.find(id, signal);
    if (record === undefined || record.revokedAtMs === null) return text;
  }
  throw new RangeError("the seed's administrator keys are used up");
}
