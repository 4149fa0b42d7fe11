import { invariant } from "@koinon/errors/invariant";

/** What a person asks of the routing: whom to prefer, whom to leave out. Providers are named by address. */
export interface RoutingPolicy {
  readonly prefer: "price" | "latency";
  /** When not empty, nobody else may serve. */
  readonly only: readonly string[];
  readonly exclude: readonly string[];
  /** When not empty, only providers of these regions may serve. */
  readonly regions: readonly string[];
  /** Whether another provider may be tried when the first fails before its first byte. */
  readonly fallback: boolean;
}

/** Cheapest first, everybody may serve. */
export const defaultRoutingPolicy: RoutingPolicy = {
  prefer: "price",
  only: [],
  exclude: [],
  regions: [],
  fallback: true,
};

const listMax = 32;

/** The request headers that say so; only what differs from the market's default. */
export function routingHeaders(policy: RoutingPolicy): Record<string, string> {
  const headers: Record<string, string> = { "x-koinon-prefer": policy.prefer };
  const list = (name: string, items: readonly string[]): void => {
    // Leaving one out in silence would route against the person's will.
    invariant(items.every(isSendable) && items.length <= listMax, `${name} can be sent`);
    if (items.length > 0) headers[name] = items.join(",");
  };
  list("x-koinon-only", policy.only);
  list("x-koinon-exclude", policy.exclude);
  list("x-koinon-regions", policy.regions);
  if (!policy.fallback) headers["x-koinon-no-fallback"] = "true";
  return headers;
}

/** True when the policy leaves somebody out or forbids a second try: worth showing that it is in force. */
export function narrows(policy: RoutingPolicy): boolean {
  return policy.only.length + policy.exclude.length + policy.regions.length > 0 || !policy.fallback;
}

/** Reads a stored policy; anything odd becomes the default. */
export function routingPolicyFromStored(value: unknown): RoutingPolicy {
  if (typeof value !== "object" || value === null) return defaultRoutingPolicy;
  const stored = value as Record<string, unknown>;
  return {
    prefer: stored.prefer === "latency" ? "latency" : "price",
    only: textsOf(stored.only),
    exclude: textsOf(stored.exclude),
    regions: textsOf(stored.regions),
    fallback: stored.fallback !== false,
  };
}

/** True when a policy can name it: a header holds printable ASCII, and the list's separator can not be part of an item. */
export function isSendable(item: string): boolean {
  return /^[\x21-\x7e]+( [\x21-\x7e]+)*$/.test(item) && !item.includes(",") && item.length <= 128;
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value)
    ? value.filter((item) => typeof item === "string" && isSendable(item)).slice(0, listMax)
    : [];
}
