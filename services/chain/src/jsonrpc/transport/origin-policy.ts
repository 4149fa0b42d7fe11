import { isIP } from "node:net";

/** From where the server may be called by browsers. */
export interface OriginPolicy {
  /** Origins of pages that may call; "*" for all. */
  readonly corsOrigins: readonly string[];
  /** Names, besides IP addresses and localhost, by which the server may be addressed; "*" for all. */
  readonly hosts: readonly string[];
}

/** True when pages of this origin may call. */
export function isAllowedOrigin(origin: string, { corsOrigins }: OriginPolicy): boolean {
  return corsOrigins.includes("*") || corsOrigins.includes(origin);
}

/**
 * True when the Host header is one of ours. A page that rebinds its own name to this machine's address would pass as same-origin
 * otherwise; the name it came by gives it away.
 */
export function isAllowedHost(host: string | undefined, { hosts }: OriginPolicy): boolean {
  if (host === undefined || hosts.includes("*")) return true;
  const name = host.replace(/:\d+$/, "").toLowerCase();
  const address = name.startsWith("[") && name.endsWith("]") ? name.slice(1, -1) : name;
  return name === "localhost" || isIP(address) !== 0 || hosts.includes(name);
}
