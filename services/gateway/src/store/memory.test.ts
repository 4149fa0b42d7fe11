import { describeKeyStore } from "../../test/contracts/key-store-suite.ts";
import { MemoryKeyStore } from "./memory.ts";

describeKeyStore("keys in memory", async () => new MemoryKeyStore());
