import type { ServeRequest, ServeResponse } from "@koinon/contracts/koinon/compute/v1/inference";
import type { MarketServiceDefinition } from "@koinon/contracts/koinon/compute/v1/market_service";
import type { Domain } from "@koinon/eip712/domain";
import type { Client } from "@koinon/rpc/handler";
import { type Health, healthOf } from "@koinon/runtime/health";
import type { Logger } from "@koinon/runtime/logger";
import type { ProviderConfig } from "./config.ts";
import type { ChosenEngine } from "./engine-choice.ts";
import { ProviderError } from "./errors.ts";
import type { ReceiptJournal } from "./journal/receipt-journal.ts";
import type { ProviderKeys } from "./keys/provider-keys.ts";
import { Announcer } from "./market/announcer.ts";
import { repeat } from "./market/loop.ts";
import { Submitter } from "./market/submitter.ts";
import type { ProviderMetrics } from "./metrics.ts";
import { Offers } from "./offers.ts";
import { ReceiptSigner } from "./serve/receipt-signer.ts";
import { Server } from "./serve/server.ts";

export interface ProviderDependencies {
  readonly engine: ChosenEngine;
  readonly market: Client<MarketServiceDefinition>;
  readonly domain: Domain;
  readonly keys: ProviderKeys;
  readonly journal: ReceiptJournal;
  readonly metrics: ProviderMetrics;
  readonly clock: { now(): number };
  readonly random: { bytes(count: number): Uint8Array };
  readonly log: Logger;
}

interface Running {
  readonly server: Server;
  readonly announcer: Announcer;
}

const retry = { firstRetryMs: 200, maxRetryMs: 5_000 };
const submitEveryMs = 1_000;
const submitBacklogMs = 100;
/** How long the last receipts may take to be handed in when the provider stops; the journal keeps what is left. */
const lastSubmitMs = 2_000;

/** One party's inference endpoint: serves requests, stays registered, hands its receipts in. */
export class Provider {
  readonly #config: ProviderConfig;
  readonly #dependencies: ProviderDependencies;
  readonly #signer: ReceiptSigner;
  readonly #submitter: Submitter;
  readonly #stopping = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();
  /** Why the market was last not told of the provider. */
  #refusal = "not tried yet";
  #running: Running | undefined;
  #draining = false;

  constructor(config: ProviderConfig, dependencies: ProviderDependencies) {
    this.#config = config;
    this.#dependencies = dependencies;
    const { domain, keys, journal, random } = dependencies;
    this.#signer = new ReceiptSigner({ domain, provider: keys.provider, signer: keys.signer, journal, random });
    this.#submitter = new Submitter({ ...dependencies, signer: this.#signer });
  }

  get active(): number {
    return this.#running?.server.active ?? 0;
  }

  get queued(): number {
    return this.#running?.server.queued ?? 0;
  }

  /** Begins to look for the engine and the market; health tells when both are found. */
  start(): void {
    const { signal } = this.#stopping;
    const { log, engine } = this.#dependencies;
    const beat = () => this.#beat(signal);
    const submit = async () => ((await this.#submitter.submit(signal)) ? submitBacklogMs : submitEveryMs);
    this.#loops = Promise.all([
      repeat(beat, {
        ...retry,
        signal,
        onFailure: (err, failures) => {
          this.#refusal = err instanceof Error ? err.message : String(err);
          logFailure(log, err, failures, "not registered");
        },
      }),
      repeat(submit, {
        ...retry,
        signal,
        onFailure: (err, failures) => logFailure(log, err, failures, "receipts wait"),
      }),
      engine.watch(signal),
    ]);
  }

  async *serve(request: ServeRequest, signal: AbortSignal): AsyncGenerator<ServeResponse> {
    if (this.#running === undefined) throw new ProviderError({ code: "ENGINE_UNAVAILABLE", reason: "starting" });
    yield* this.#running.server.serve(request, signal);
  }

  /** Takes no new requests and tells the market so; requests under way are finished. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    this.#running?.server.beginDrain();
    await this.#running?.announcer.beat(signal).catch(() => undefined);
  }

  /** Ends the loops, hands in what can be handed in, and closes everything. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#stopping.abort();
    await this.#loops;
    const last = AbortSignal.any([signal, AbortSignal.timeout(lastSubmitMs)]);
    await this.#submitter.submit(last, { all: true }).catch(() => undefined);
    await this.#dependencies.engine.answers.close();
    await this.#dependencies.journal.close();
  }

  health(): Health {
    const { engine, journal } = this.#dependencies;
    const { state, detail } = engine.health();
    const registered = this.#running?.announcer.registered ?? false;
    const pending = journal.pendingCount;
    return healthOf(
      [
        { name: "engine", ok: state === "ready", detail: `${state}: ${detail}` },
        {
          name: "registration",
          ok: registered,
          detail: registered ? "registered" : `not registered: ${this.#refusal}`,
        },
        { name: "journal", ok: pending < this.#config.pendingMax, detail: `${pending} receipts wait` },
      ],
      ["engine", "journal"],
    );
  }

  async #beat(signal: AbortSignal): Promise<number> {
    this.#running ??= await this.#open(signal);
    const { clock } = this.#dependencies;
    const beganAt = clock.now();
    await this.#running.announcer.beat(signal);
    // From one to the next, however long the market took over it; some pause remains, for both.
    const { intervalMs } = this.#running.announcer;
    const tookMs = Math.max(clock.now() - beganAt, 0);
    return Math.max(intervalMs - tookMs, intervalMs / 4);
  }

  /** Builds what needs the engine's models. */
  async #open(signal: AbortSignal): Promise<Running> {
    const { engine, keys, domain, clock } = this.#dependencies;
    const models = await engine.offeredModels(signal);
    const identity = { domain, provider: keys.provider, signer: keys.signer };
    const offers = new Offers({ models, validityMs: this.#config.quoteValidityMs }, { ...identity, clock });
    offers.renewWhenDue();
    const server = new Server(this.#config, {
      ...this.#dependencies,
      engine: engine.answers,
      offers,
      signer: this.#signer,
    });
    if (this.#draining) server.beginDrain();
    const load = () => ({
      active: server.active,
      queued: server.queued,
      draining: this.#draining || engine.health().state === "down",
    });
    const announcerOptions = { ...this.#config, validityMs: this.#config.quoteValidityMs };
    const announcer = new Announcer(announcerOptions, { ...this.#dependencies, offers, load });
    return { server, announcer };
  }
}

/** Waiting for the other side is ordinary while a network starts; it is said once, and again when it lasts. */
function logFailure(log: Logger, err: unknown, failures: number, what: string): void {
  if (failures === 1 || failures % 20 === 0) log.warn({ err, failures }, what);
}
