import { invariant } from "@koinon/errors/invariant";
import { type ClientConfig, type CustomTypesConfig, types } from "pg";

/** How a service connects. Times are milliseconds. */
export interface ConnectionOptions {
  /** `postgresql://user:password@host:port/database`; `?host=/folder` names a unix socket's folder, `sslmode` asks for TLS. */
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  /** The service's schema; becomes the search_path. Default: the server's. */
  readonly schema?: string;
  /** Longest wait for a connection, new or from the pool. Default 5,000. */
  readonly connectTimeoutMs?: number;
  /** Longest run of one statement; 0 for no limit. Default 10,000. */
  readonly statementTimeoutMs?: number;
  /** Longest wait for one lock. Default 5,000. */
  readonly lockTimeoutMs?: number;
  /** Server settings for the connection, such as `synchronous_commit`. */
  readonly settings?: Readonly<Record<string, string>>;
}

const int8Oid = 20;
const int8ArrayOid = 1016;

// The driver's own parser for int8 answers strings; amounts and counters are bigint here.
const typeParsers: CustomTypesConfig = {
  getTypeParser: (oid: number, format?: "text" | "binary") => {
    if (format === "binary") return types.getTypeParser(oid, format);
    if (oid === int8Oid) return BigInt;
    if (oid === int8ArrayOid) return parseInt8Array;
    return types.getTypeParser(oid);
  },
};

/** One-dimensional, as PostgreSQL prints it: `{1,2,NULL}`. */
function parseInt8Array(text: string): (bigint | null)[] {
  const inside = text.slice(1, -1);
  return inside === "" ? [] : inside.split(",").map((item) => (item === "NULL" ? null : BigInt(item)));
}

/** The driver's configuration; everything is a startup parameter, so a connection is usable after one round trip. */
export function clientConfig(options: ConnectionOptions): ClientConfig {
  const settings: Record<string, string> = { timezone: "UTC", ...options.settings };
  if (options.schema !== undefined) {
    assertSchemaName(options.schema);
    settings.search_path = options.schema;
  }
  return {
    connectionString: options.url,
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    statement_timeout: options.statementTimeoutMs ?? 10_000,
    lock_timeout: options.lockTimeoutMs ?? 5_000,
    idle_in_transaction_session_timeout: 30_000,
    keepAlive: true,
    types: typeParsers,
    options: Object.entries(settings)
      .map(([name, value]) => `-c ${name}=${value.replaceAll(/([\\ ])/g, "\\$1")}`)
      .join(" "),
  };
}

/** Schema names are plain so that they need no quoting anywhere. */
export function assertSchemaName(schema: string): void {
  invariant(/^[a-z_][a-z0-9_]{0,62}$/.test(schema), `schema name '${schema}' is lower case letters, digits and _`);
}
