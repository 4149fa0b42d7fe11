// A process that owns an embedded server: to be killed.
import { startEmbeddedPostgres } from "../src/embedded/embedded-postgres.ts";
import { random } from "./embedded-server.ts";

const server = await startEmbeddedPostgres({ directory: process.argv[2] ?? "" }, { random });
await server.ensureDatabase("koinon");
process.stdout.write(`${server.pid}\n`);
setInterval(() => undefined, 60_000);
