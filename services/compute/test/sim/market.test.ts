import { MemoryMoneyStore } from "../../src/market/accounts/memory-money-store.ts";
import { MemoryInstanceStore } from "../../src/market/reconcile/memory-instance-store.ts";
import { MemoryRegistryStore } from "../../src/market/registry/memory-registry-store.ts";
import { aheadSuite } from "../market/ahead-suite.ts";
import { deathsSuite } from "../market/deaths-suite.ts";
import { liesSuite } from "../market/lies-suite.ts";
import { relaySuite } from "../market/relay-suite.ts";
import type { Stores } from "../market/test-market.ts";

const open = async (): Promise<Stores> => ({
  money: new MemoryMoneyStore(),
  registry: new MemoryRegistryStore(),
  instances: new MemoryInstanceStore(),
});

relaySuite("memory", open);
liesSuite("memory", open);
deathsSuite("memory", open);
aheadSuite("memory", open);
