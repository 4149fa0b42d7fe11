import { registryStoreSuite } from "../../../test/market/registry-store-suite.ts";
import { MemoryRegistryStore } from "./memory-registry-store.ts";

registryStoreSuite("memory", async () => new MemoryRegistryStore());
