import { computeMigrations } from "@koinon/compute/market/storage";
import { gatewayMigrations } from "@koinon/gateway/migrations";
import { poiMigrations } from "@koinon/poi/migrations";

/** Every schema with its owner and the files that make it. */
export const ownedSchemas: readonly { readonly owner: string; readonly schema: string; readonly directory: string }[] =
  [
    { owner: "market", ...computeMigrations },
    { owner: "poi", ...poiMigrations },
    { owner: "gateway", ...gatewayMigrations },
  ];
