import type { MarketServiceDefinition, Provider } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { Client } from "@koinon/rpc/handler";
import type { OfferReader } from "./offer-reader.ts";
import { createRegistryView, type RegistryView } from "./views.ts";

/** Options of the registry's copy. */
export interface RegistryOptions {
  /** How old a copy may be, in milliseconds. */
  readonly ttlMs: number;
}

const PAGE_SIZE = 100;
const PAGES_MAX = 50;

/** The market's registry, read at most once per `ttlMs`, however many ask. */
export class Registry {
  readonly #options: RegistryOptions;
  readonly #market: Pick<Client<MarketServiceDefinition>, "listProviders">;
  readonly #reader: OfferReader;
  readonly #clock: { now(): number };
  #view: RegistryView | undefined;
  #asOfMs = 0;
  #refresh: Promise<RegistryView> | undefined;

  constructor(
    options: RegistryOptions,
    dependencies: {
      readonly market: Pick<Client<MarketServiceDefinition>, "listProviders">;
      readonly reader: OfferReader;
      readonly clock: { now(): number };
    },
  ) {
    this.#options = options;
    this.#market = dependencies.market;
    this.#reader = dependencies.reader;
    this.#clock = dependencies.clock;
  }

  /** The registry as it was at most `ttlMs` ago. Rejects with the market's RpcError. */
  async view(): Promise<RegistryView> {
    if (this.#view !== undefined && this.#clock.now() - this.#asOfMs < this.#options.ttlMs) return this.#view;
    this.#refresh ??= this.#load().finally(() => {
      this.#refresh = undefined;
    });
    return this.#refresh;
  }

  async #load(): Promise<RegistryView> {
    const asOfMs = this.#clock.now();
    const providers: Provider[] = [];
    let pageToken = "";
    for (let page = 0; page < PAGES_MAX; page++) {
      const answer = await this.#market.listProviders({ pageSize: PAGE_SIZE, pageToken });
      providers.push(...answer.providers);
      pageToken = answer.nextPageToken;
      if (pageToken === "") break;
    }
    this.#view = createRegistryView(providers, this.#reader);
    this.#asOfMs = asOfMs;
    return this.#view;
  }
}
