import type { IncomingHttpHeaders } from "node:http";
import { Preference, type RoutingPolicy } from "@koinon/contracts/koinon/compute/v1/inference";
import { invalidRequest } from "../errors.ts";

const LIST_MAX = 32;
const ITEM_LENGTH_MAX = 128;
const AMOUNT = /^(0|[1-9][0-9]{0,37})$/; // 38 digits: below 2^128, the width of amounts in signed documents

/** Reads the routing headers; undefined when the request has none. Throws INVALID_REQUEST naming the header. */
export function createRoutingPolicyFromHeaders(headers: IncomingHttpHeaders): RoutingPolicy | undefined {
  let policy: RoutingPolicy | undefined;
  for (const name in headers) {
    if (!name.startsWith("x-koinon-")) continue;
    const value = headers[name];
    if (value === undefined) continue;
    policy ??= {
      prefer: Preference.UNSPECIFIED,
      order: [],
      only: [],
      exclude: [],
      regions: [],
      noFallback: false,
      maxFee: "",
    };
    applyHeader(policy, name, typeof value === "string" ? value : value.join(","));
  }
  return policy;
}

function applyHeader(policy: RoutingPolicy, name: string, value: string): void {
  switch (name) {
    case "x-koinon-prefer":
      policy.prefer = preference(name, value);
      return;
    case "x-koinon-order":
      policy.order = list(name, value);
      return;
    case "x-koinon-only":
      policy.only = list(name, value);
      return;
    case "x-koinon-exclude":
      policy.exclude = list(name, value);
      return;
    case "x-koinon-regions":
      policy.regions = list(name, value);
      return;
    case "x-koinon-no-fallback":
      policy.noFallback = flag(name, value);
      return;
    case "x-koinon-max-fee":
      if (!AMOUNT.test(value)) throw invalidRequest(name, "a decimal amount of micro-credits is required");
      policy.maxFee = value;
      return;
    default:
      // A misspelt policy that is silently ignored would route, and pay, against the caller's will.
      throw invalidRequest(name, "there is no such routing header");
  }
}

function preference(name: string, value: string): Preference {
  if (value === "price") return Preference.PRICE;
  if (value === "latency") return Preference.LATENCY;
  throw invalidRequest(name, "price or latency is required");
}

function flag(name: string, value: string): boolean {
  if (value === "true") return true;
  if (value === "false") return false;
  throw invalidRequest(name, "true or false is required");
}

function list(name: string, value: string): string[] {
  const items = value.split(",").map((item) => item.trim());
  if (items.length > LIST_MAX) throw invalidRequest(name, `at most ${LIST_MAX} items`);
  for (const item of items) {
    if (item.length === 0 || item.length > ITEM_LENGTH_MAX)
      throw invalidRequest(name, `items have 1 to ${ITEM_LENGTH_MAX} characters`);
  }
  return items;
}
