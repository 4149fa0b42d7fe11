import { createStore, type Store } from "../state/store.ts";
import type { TextStorage } from "../storage/text-storage.ts";
import { defaultRoutingPolicy, type RoutingPolicy, routingPolicyFromStored } from "./routing/routing-policy.ts";

/** What the next request asks with. */
export interface ChatSettings {
  /** Null takes the first chat model on offer. */
  readonly model: string | null;
  readonly system: string;
  /** Null takes the default allowance. */
  readonly tokensMax: number | null;
  /** Null leaves it to the model. */
  readonly temperature: number | null;
  readonly policy: RoutingPolicy;
}

export const defaultChatSettings: ChatSettings = {
  model: null,
  system: "",
  tokensMax: null,
  temperature: null,
  policy: defaultRoutingPolicy,
};

const storageName = "koinon.chat";
const systemLengthMax = 20_000;

/** The settings with what an earlier visit left; every change is kept. */
export function createChatSettings(storage: TextStorage): Store<ChatSettings> {
  const settings = createStore(chatSettingsFromStored(storage.getItem(storageName)));
  settings.subscribe(() => {
    try {
      storage.setItem(storageName, JSON.stringify(settings.get()));
    } catch {
      // A full storage: the settings last as long as the page.
    }
  });
  return settings;
}

/** Reads stored settings; anything odd becomes the default. */
export function chatSettingsFromStored(text: string | null): ChatSettings {
  let value: unknown;
  try {
    value = JSON.parse(text ?? "null");
  } catch {
    return defaultChatSettings;
  }
  if (typeof value !== "object" || value === null) return defaultChatSettings;
  const stored = value as Record<string, unknown>;
  return {
    model: typeof stored.model === "string" ? stored.model : null,
    system: typeof stored.system === "string" ? stored.system.slice(0, systemLengthMax) : "",
    tokensMax: isWithin(stored.tokensMax, 1, 1_000_000) ? stored.tokensMax : null,
    temperature: isWithin(stored.temperature, 0, 2) ? stored.temperature : null,
    policy: routingPolicyFromStored(stored.policy),
  };
}

function isWithin(value: unknown, min: number, max: number): value is number {
  return typeof value === "number" && value >= min && value <= max;
}
