import { fileURLToPath } from "node:url";

/** poi's part of a database, for whoever migrates it. */
export const poiMigrations: { readonly schema: string; readonly directory: string } = {
  schema: "poi",
  directory: fileURLToPath(new URL("../migrations", import.meta.url)),
};
