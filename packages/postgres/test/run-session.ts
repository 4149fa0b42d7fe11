// Runs a transaction in a session of its own: `run-session.ts URL`. Started with --throw-deprecation it fails when the driver objects.
import { Database } from "../src/database.ts";

const database = new Database({ url: process.argv[2] as string, applicationName: "run-session" });
const session = await database.session();
const rows = await session.transaction((transaction) => transaction.query("SELECT 1 AS one"));
process.stdout.write(JSON.stringify(rows));
await session.close();
await database.close();
