// Uses a session of its own for several things at once: `run-session.ts URL`. Started with --throw-deprecation it fails when the driver objects.
import { Database } from "../src/database.ts";

const database = new Database({ url: process.argv[2] as string, applicationName: "run-session" });
const session = await database.session();
const outside = () =>
  session.query<{ inside: boolean }>("SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS inside");
const transaction = session.transaction(async (statements) => {
  await statements.query("SELECT pg_current_xact_id()");
  return await statements.query<{ inside: boolean }>("SELECT pg_current_xact_id_if_assigned() IS NOT NULL AS inside");
});
const results = await Promise.all([outside(), transaction, outside(), outside()]);
process.stdout.write(JSON.stringify(results.map(([row]) => row?.inside)));
await session.close();
await database.close();
