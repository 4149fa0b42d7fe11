import { hash } from "node:crypto";
import { createTreeHasher, type TreeHasher } from "@koinon/merkle/tree-hasher";

/** Tree hashes by Node's SHA-256. */
export const nodeHasher: TreeHasher = createTreeHasher((bytes) => hash("sha256", bytes, "buffer"));
