import type { ApiKey, Scope } from "../gateway/api-keys.ts";
import { GatewayCallError } from "../gateway/fault.ts";
import type { AdminCall, GatewayClient } from "../gateway/gateway-client.ts";
import type { Page } from "../gateway/settlements.ts";

/** A page of everybody's keys. They are not asked for with a key that may not see them: NOT_ALLOWED says what it may do instead. */
export async function readAllKeys(
  gateway: Pick<GatewayClient, "getApiKey" | "listApiKeys">,
  pageToken: string,
  call: AdminCall,
): Promise<Page<ApiKey>> {
  const { name, scopes } = await gateway.getApiKey(call);
  if (!scopes.includes("admin"))
    throw new GatewayCallError({ code: "NOT_ALLOWED", reason: `'${name}' ${mayDo(scopes)}` });
  return gateway.listApiKeys(pageToken, call);
}

const doings: Readonly<Record<Exclude<Scope, "admin">, string>> = {
  inference: "ask models",
  receipts: "read its own receipts",
};

function mayDo(scopes: readonly string[]): string {
  const known = Object.entries(doings).flatMap(([scope, doing]) => (scopes.includes(scope) ? [doing] : []));
  return known.length === 0 ? "may not see or change keys." : `may ${known.join(" and ")}, but not see or change keys.`;
}
