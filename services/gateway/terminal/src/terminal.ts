import { Chat } from "./chat/chat.ts";
import { chooseModel, prepareQuestion } from "./chat/chat-question.ts";
import { type ChatSettings, createChatSettings } from "./chat/chat-settings.ts";
import type { Answer } from "./chat/conversation.ts";
import { ConversationRecords, type ExchangeRecord } from "./chat/records/conversation-records.ts";
import { retentionLimits } from "./chat/records/retention.ts";
import type { Budget } from "./gateway/budget.ts";
import { ChainNode } from "./gateway/chain-node.ts";
import { GatewayClient } from "./gateway/gateway-client.ts";
import type { Model, Provider } from "./gateway/offers.ts";
import { createRouter, type Router } from "./routing/router.ts";
import { type ApiKeyStore, createApiKeyStore, takeKeyFromAddress } from "./session/api-key-store.ts";
import { Resource, type Schedule } from "./state/resource.ts";
import { createStore, type Store } from "./state/store.ts";
import { browserTextStorage } from "./storage/text-storage.ts";
import { createThemeStore, type Theme } from "./theme/theme.ts";
import { createAnchoredProofs } from "./verification/anchored-proofs.ts";
import type { AnswerEnding } from "./verification/mark-state.ts";
import { Proofs } from "./verification/proofs.ts";
import { TrustPin } from "./verification/trust-pin.ts";
import { Verifier } from "./verification/verifier.ts";

/** The proof that is open beside the page. */
export interface OpenProof {
  readonly proofId: string;
  readonly ending: AnswerEnding;
}

/** Everything that the pages work with. Built once, in `createTerminal`. */
export interface Terminal {
  readonly apiKey: ApiKeyStore;
  readonly gateway: GatewayClient;
  readonly models: Resource<Model[]>;
  readonly providers: Resource<Provider[]>;
  readonly budget: Resource<Budget>;
  readonly settings: Store<ChatSettings>;
  readonly chat: Chat;
  readonly records: ConversationRecords;
  readonly trust: TrustPin;
  readonly verifier: Verifier;
  readonly proofs: Proofs;
  readonly openProof: Store<OpenProof | null>;
  readonly router: Router;
  readonly theme: Store<Theme>;
  now(): number;
  newId(): string;
}

const trustRefreshMs = 60_000;

/** Builds the Terminal over the browser. Rejects when the browser has no place to keep conversations. */
export async function createTerminal(window: Window & typeof globalThis): Promise<Terminal> {
  const storage = browserTextStorage();
  const apiKey = createApiKeyStore(storage);
  // Before anything else: whatever goes wrong later, a key does not stay in the address bar.
  takeKeys(window, apiKey);
  const fetch = (path: string, init: RequestInit): Promise<Response> => window.fetch(path, init);
  const gateway = new GatewayClient({ fetch, apiKey: apiKey.get });
  const chain = new ChainNode({ address: () => gateway.getChainRpc(new AbortController().signal), fetch });
  const schedule: Schedule = (action, delayMs) => {
    const timer = window.setTimeout(action, delayMs);
    return () => window.clearTimeout(timer);
  };
  const isVisible = (): boolean => window.document.visibilityState === "visible";
  const resource = <T>(load: (signal: AbortSignal) => Promise<T>): Resource<T> =>
    new Resource({ load, schedule, isVisible });
  const verifier = new Verifier(
    () => new Worker(new URL("./verification/worker.ts", import.meta.url), { type: "module" }),
  );
  const clock = { now: () => Date.now(), newId: () => newId(window.crypto) };
  const trust = new TrustPin({
    storage,
    fetchTrustFile: (signal) => gateway.getTrustFile(signal),
    readTrust: (bytes) => verifier.readTrust(bytes),
    now: clock.now,
  });
  const records = await ConversationRecords.open(retentionLimits);
  const terminal = {
    apiKey,
    gateway,
    models: resource((signal) => gateway.listModels(signal)),
    providers: resource((signal) => gateway.listProviders(signal)),
    budget: resource((signal) => gateway.getBudget(signal)),
    settings: createChatSettings(storage),
    records,
    trust,
    verifier,
    proofs: createProofs({ gateway, chain, verifier, trust, records, schedule }),
    openProof: createStore<OpenProof | null>(null),
    router: createRouter(window),
    theme: createThemeStore(storage, window.document.documentElement),
    ...clock,
  };
  const chat = createChat(terminal, (action) => window.requestAnimationFrame(action));
  followKey(terminal);
  keepTrustFresh(trust, schedule);
  return { ...terminal, chat };
}

/** Takes the key out of the address, now and when a link with another one is opened in this tab, which loads nothing anew. */
function takeKeys(window: Window, apiKey: ApiKeyStore): void {
  const take = (): void => {
    const { key, cleaned } = takeKeyFromAddress(new URL(window.location.href));
    if (key === null) return;
    window.history.replaceState(null, "", cleaned);
    apiKey.use(key);
  };
  take();
  window.addEventListener("hashchange", take);
}

/** The ending of an answer, as the mark speaks of it. */
export function endingOf(answer: Pick<Answer, "state">): AnswerEnding {
  return answer.state === "complete" || answer.state === "stopped" ? answer.state : "broken";
}

type Parts = Omit<Terminal, "chat">;

function createProofs({
  gateway,
  chain,
  verifier,
  trust,
  records,
  schedule,
}: Pick<Parts, "gateway" | "verifier" | "trust" | "records"> & { chain: ChainNode; schedule: Schedule }): Proofs {
  return new Proofs({
    ...createAnchoredProofs({ gateway, chain, verifier, trust }),
    trust: trust.state,
    schedule,
    onBundle: (subject, bundle) => void records.saveBundle(subject.id, bundle),
  });
}

function createChat(parts: Parts, nextFrame: (action: () => void) => void): Chat {
  const { models, settings, gateway, records, proofs, budget } = parts;
  const chat: Chat = new Chat({
    prepare: (prompt, history) => {
      const model = chooseModel(models.state.get().value ?? [], settings.get().model);
      return model === null ? null : prepareQuestion(model, settings.get(), prompt, history);
    },
    post: ({ body, headers }, signal) => gateway.postChat(body, headers, signal),
    records,
    onExchange: (exchange, answer, prompt) => {
      if (answer.state !== "refused") proofs.prove(subjectOf(exchange, prompt, chat.readings.of(answer.id).get().text));
    },
    onSpent: () => void budget.refresh(),
    nextFrame,
    now: parts.now,
    newId: parts.newId,
  });
  return chat;
}

function subjectOf({ answerId, requestId, request, response, bundle }: ExchangeRecord, prompt: string, text: string) {
  return { id: answerId, requestId, request, response, bundle, screen: { prompt, text } };
}

/** Another key is another budget, and may see other models. */
function followKey({ apiKey, models, providers, budget }: Parts): void {
  apiKey.subscribe(() => {
    for (const each of [models, providers, budget]) each.reset();
  });
}

function keepTrustFresh(trust: TrustPin, schedule: Schedule): void {
  const signal = new AbortController().signal;
  const refresh = (): void => {
    void trust.refresh(signal).finally(() => schedule(refresh, trustRefreshMs));
  };
  refresh();
}

/** 16 random bytes in hex. `randomUUID` needs a secure context, which a network at home may not have. */
function newId(crypto: Crypto): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
