import { fileURLToPath } from "node:url";
import { startStandIn } from "./stand-in-server.ts";

// For looking at the Terminal while working on it: node test/stand-in/run.ts [port]
const dist = fileURLToPath(new URL("../../dist", import.meta.url));
const standIn = await startStandIn({ seed: "terminal", port: Number(process.argv[2] ?? 4173), dist });
process.stdout.write(`${standIn.url}/#key=${standIn.userKey.key}\nadministrator: ${standIn.adminKey.key}\n`);
