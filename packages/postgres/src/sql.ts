/** What a statement parameter may be; bigint travels as int8 or numeric, Uint8Array as bytea. */
export type SqlValue = string | number | bigint | boolean | null | undefined | Uint8Array | Date | readonly SqlValue[];

/** SQL text with `$1` parameters; with a name it is prepared once per connection and must then have one fixed text. */
export interface Statement {
  readonly text: string;
  readonly name?: string;
}

/** Bounds of one statement. */
export interface QueryOptions {
  /** Ends the wait for a connection and cancels the running statement in the server. */
  readonly signal?: AbortSignal;
}

/** What runs statements: the pool, a transaction or a session. int8 columns come back as bigint, bytea as Buffer, numeric as string. */
export interface Queryable {
  /** Runs one statement and returns its rows. */
  query<R extends object>(
    statement: string | Statement,
    values?: readonly SqlValue[],
    options?: QueryOptions,
  ): Promise<R[]>;
  /** Runs one statement and returns how many rows it touched. */
  execute(statement: string | Statement, values?: readonly SqlValue[], options?: QueryOptions): Promise<number>;
}

/** Quotes a name for SQL text, for the rare place where a parameter is not allowed. */
export function quoteIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
