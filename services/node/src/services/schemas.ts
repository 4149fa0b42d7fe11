import { marketMigrations } from "@koinon/compute/market/migrations";
import { gatewayMigrations } from "@koinon/gateway/migrations";
import { poiMigrations } from "@koinon/poi/migrations";

/** Every schema with its owner and the files that make it. */
export const ownedSchemas: readonly { readonly owner: string; readonly schema: string; readonly directory: string }[] =
  [
    { owner: "market", ...marketMigrations },
    { owner: "poi", ...poiMigrations },
    { owner: "gateway", ...gatewayMigrations },
  ];
