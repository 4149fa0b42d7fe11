// A process that makes requests and says what it was told: to be killed. Arguments: database url, name of the load, account.
import { Database } from "@koinon/postgres/database";
import { PostgresMoneyStore } from "../../src/market/accounts/postgres-money-store.ts";
import { runMoneyLoad } from "./money-load.ts";

const [url = "", name = "", accountId = ""] = process.argv.slice(2);
const database = new Database({ url, applicationName: name, schema: "compute" });
const store = new PostgresMoneyStore({}, { database });
const { signal } = new AbortController();
await runMoneyLoad(store, { workers: 16, name, accountId, signal }, (what, request) => {
  process.stdout.write(`${what}:${request}\n`);
});
