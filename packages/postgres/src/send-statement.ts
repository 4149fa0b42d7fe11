import { type ClientBase, Query, type QueryResult } from "pg";
import type { SqlValue, Statement } from "./sql.ts";

/**
 * Sends one statement on a connection. The driver would copy a configuration property by property before it looks at it; a query made
 * of its text costs a tenth of that.
 */
export function sendStatement(
  client: ClientBase,
  { name, text }: Statement,
  values: readonly SqlValue[] | undefined,
): Promise<QueryResult> {
  return new Promise((resolve, reject) => {
    const callback = (error: Error | null, result: QueryResult) => {
      if (error) reject(error);
      else resolve(result);
    };
    client.query(Object.assign(new Query(text), { name, values, callback }));
  });
}
