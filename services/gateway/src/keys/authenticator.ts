import { GatewayError } from "../errors.ts";
import { createApiKeyFromHeader, isApiKeyOf } from "./api-key.ts";
import type { KeyCache } from "./key-cache.ts";
import type { KeyRecord, Scope } from "./key-record.ts";

/** Turns an Authorization header into the key it belongs to. */
export class Authenticator {
  readonly #keys: Pick<KeyCache, "get">;
  readonly #clock: { now(): number };

  constructor(dependencies: { readonly keys: Pick<KeyCache, "get">; readonly clock: { now(): number } }) {
    this.#keys = dependencies.keys;
    this.#clock = dependencies.clock;
  }

  /**
   * The key of a request that may use `scope` (any key when undefined). Answers at once when the key is cached. Throws or
   * rejects with INVALID_API_KEY, KEY_REVOKED, KEY_EXPIRED, MISSING_SCOPE, STORE_UNAVAILABLE or OVERLOADED.
   */
  authenticate(header: string | undefined, scope: Scope | undefined): KeyRecord | Promise<KeyRecord> {
    const key = createApiKeyFromHeader(header);
    if (key === undefined) throw new GatewayError({ code: "INVALID_API_KEY" });
    const found = this.#keys.get(key.id);
    if (found instanceof Promise) return found.then((record) => this.#check(key.text, record, scope));
    return this.#check(key.text, found, scope);
  }

  // What is wrong with a key is told only to who holds its secret.
  #check(text: string, record: KeyRecord | undefined, scope: Scope | undefined): KeyRecord {
    if (record === undefined || !isApiKeyOf(text, record.hash)) throw new GatewayError({ code: "INVALID_API_KEY" });
    if (record.revokedAtMs !== null) throw new GatewayError({ code: "KEY_REVOKED", key: record.id });
    if (record.expiresAtMs !== null && record.expiresAtMs <= this.#clock.now()) {
      throw new GatewayError({ code: "KEY_EXPIRED", key: record.id });
    }
    if (scope !== undefined && !record.scopes.includes(scope)) throw new GatewayError({ code: "MISSING_SCOPE", scope });
    return record;
  }
}
