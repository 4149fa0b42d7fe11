import { fileURLToPath } from "node:url";

/** The gateway's part of a database, for whoever migrates it. */
export const gatewayMigrations: { readonly schema: string; readonly directory: string } = {
  schema: "gateway",
  directory: fileURLToPath(new URL("../migrations", import.meta.url)),
};
