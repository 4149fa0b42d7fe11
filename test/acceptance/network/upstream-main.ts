import { startUpstream } from "./upstream.ts";

await startUpstream({ host: "0.0.0.0", port: Number(process.env.ENGINE_PORT) });
process.once("SIGTERM", () => process.exit());
