import { declareConfig, secretSetting, setting } from "@koinon/runtime/config";
import { parseVerifierKey, type VerifierKey } from "@koinon/tlog/note-key";
import { TlogError } from "@koinon/tlog/tlog-error";
import { z } from "zod";

const integer = (min: number, max: number) =>
  z.coerce
    .number({ error: `an integer from ${min} to ${max}` })
    .int()
    .min(min)
    .max(max);

const witnessKeys = z.string().transform((text, context): VerifierKey[] => {
  const vkeys = text.split(",").map((vkey) => vkey.trim());
  return vkeys.flatMap((vkey) => {
    if (vkey === "") return [];
    try {
      const key = parseVerifierKey(vkey);
      if (key.type === "cosignature") return [key];
      context.addIssue({ code: "custom", message: `${key.name}: not a cosignature key (type 0x04)` });
    } catch (error) {
      if (!(error instanceof TlogError)) throw error;
      context.addIssue({ code: "custom", message: error.message });
    }
    return [];
  });
});

/** Every setting of poi. */
export const poiConfig = declareConfig({
  databaseUrl: secretSetting({
    env: "POI_DATABASE_URL",
    schema: z.string({ error: "required" }),
    description: "PostgreSQL database that holds the schema poi.",
  }),
  databasePoolSize: setting({
    env: "POI_DATABASE_POOL_SIZE",
    schema: integer(1, 100),
    default: "6",
    description: "Most database connections for readers at once; the sequencer has one more, and so has the listener.",
  }),
  logKey: secretSetting({
    env: "POI_LOG_KEY",
    schema: z.string({ error: "required" }),
    description:
      "Signer key of the log (PRIVATE+KEY+origin+…, Ed25519), the same for all replicas; its name is the log's origin.",
  }),
  chainId: setting({
    env: "POI_CHAIN_ID",
    schema: z
      .string()
      .regex(/^[1-9][0-9]*$/, "a decimal number")
      .transform(BigInt),
    default: "31337",
    description: "Chain id of the EIP-712 domain that documents are signed under.",
  }),
  verifyingContract: setting({
    env: "POI_VERIFYING_CONTRACT",
    schema: z
      .string()
      .regex(/^0x[0-9a-f]{40}$/, "an address in lower-case hex")
      .transform((text) => text as `0x${string}`),
    default: "0x0000000000000000000000000000000000000000",
    description: "Verifying contract of the EIP-712 domain.",
  }),
  checkpointIntervalMs: setting({
    env: "POI_CHECKPOINT_INTERVAL_MS",
    schema: integer(1, 1_000),
    default: "200",
    description: "Longest time from an append to the checkpoint that covers it, while the database keeps up.",
  }),
  witnesses: setting({
    env: "POI_WITNESSES",
    schema: witnessKeys,
    default: "",
    description: "Comma list of verifier keys of the witnesses whose cosignatures are taken.",
  }),
  witnessThreshold: setting({
    env: "POI_WITNESS_THRESHOLD",
    schema: integer(0, 100),
    default: "0",
    description: "Cosignatures that a checkpoint should have before receipts are proved under it.",
  }),
  holdMs: setting({
    env: "POI_HOLD_MS",
    schema: integer(1_000, 86_400_000),
    default: "600000",
    description: "How long a receipt is held for its predecessor before it is refused.",
  }),
  heldMax: setting({
    env: "POI_HELD_MAX",
    schema: integer(1, 1_000_000),
    default: "10000",
    description: "Most receipts held at once; beyond it events go back to the bus.",
  }),
  batchMax: setting({
    env: "POI_BATCH_MAX",
    schema: integer(1, 4_096),
    default: "1024",
    description: "Most events in one transaction.",
  }),
  concurrency: setting({
    env: "POI_CONCURRENCY",
    schema: integer(1, 16_384),
    default: "2048",
    description: "Most events in hand at once; twice the batch keeps verifying and writing busy at the same time.",
  }),
});

/** poi's settings as the module gets them. */
export type PoiConfig = NonNullable<(typeof poiConfig)["type"]>;
