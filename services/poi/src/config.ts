import { type ConfigOf, declareConfig, secretSetting, setting } from "@koinon/runtime/config";
import { bigInteger, integer, list, optionalText, text, url } from "@koinon/runtime/config-schemas";
import { parseVerifierKey } from "@koinon/tlog/note-key";
import { TlogError } from "@koinon/tlog/tlog-error";
import { z } from "zod";

/** Every setting of poi. */
export const poiConfig = declareConfig({
  databaseUrl: secretSetting({
    env: "POI_DATABASE_URL",
    schema: text(),
    description: "PostgreSQL database that holds the schema poi.",
  }),
  databasePoolSize: setting({
    env: "POI_DATABASE_POOL_SIZE",
    schema: integer({ min: 1, max: 100 }),
    default: "6",
    description: "Most database connections for readers at once; the sequencer has one more, and so has the listener.",
  }),
  databaseWaitMs: setting({
    env: "POI_DATABASE_WAIT_MS",
    schema: integer({ min: 0, max: 3_600_000 }),
    default: "300000",
    description: "How long poi waits at start for a database that can not be reached, before it ends.",
  }),
  logKey: secretSetting({
    env: "POI_LOG_KEY",
    schema: text(),
    description:
      "Signer key of the log (`PRIVATE+KEY+origin+…`, Ed25519), the same for all replicas; its name is the log's origin.",
  }),
  chainId: setting({
    env: "POI_CHAIN_ID",
    schema: bigInteger({ min: 1n }),
    default: "31337",
    description: "Chain id of the EIP-712 domain that documents are signed under.",
  }),
  verifyingContract: setting({
    env: "POI_VERIFYING_CONTRACT",
    schema: z.string("is not set").regex(/^0x[0-9a-f]{40}$/, "is not an address in lower-case hex"),
    default: "0x0000000000000000000000000000000000000000",
    description: "Verifying contract of the EIP-712 domain.",
  }),
  checkpointIntervalMs: setting({
    env: "POI_CHECKPOINT_INTERVAL_MS",
    schema: integer({ min: 1, max: 1_000 }),
    default: "200",
    description: "Longest time from an append to the checkpoint that covers it, while the database keeps up.",
  }),
  witnesses: setting({
    env: "POI_WITNESSES",
    schema: list().superRefine((vkeys, context) => {
      for (const vkey of vkeys) {
        const problem = witnessKeyProblem(vkey);
        if (problem !== undefined) context.addIssue({ code: "custom", message: problem });
      }
    }),
    default: "",
    description: "Verifier keys of the witnesses whose cosignatures are taken (cosignature/v1, type 0x04).",
  }),
  witnessThreshold: setting({
    env: "POI_WITNESS_THRESHOLD",
    schema: integer({ min: 0, max: 100 }),
    default: "0",
    description: "Cosignatures that a checkpoint should have before receipts are proved under it.",
  }),
  holdMs: setting({
    env: "POI_HOLD_MS",
    schema: integer({ min: 1_000, max: 86_400_000 }),
    default: "600000",
    description: "How long a receipt is held for its predecessor before it is refused.",
  }),
  heldMax: setting({
    env: "POI_HELD_MAX",
    schema: integer({ min: 1, max: 1_000_000 }),
    default: "10000",
    description: "Most receipts held at once; beyond it events go back to the bus.",
  }),
  batchMax: setting({
    env: "POI_BATCH_MAX",
    schema: integer({ min: 1, max: 4_096 }),
    default: "1024",
    description: "Most events in one transaction.",
  }),
  concurrency: setting({
    env: "POI_CONCURRENCY",
    schema: integer({ min: 1, max: 16_384 }),
    default: "2048",
    description: "Most events in hand at once; twice the batch keeps verifying and writing busy at the same time.",
  }),
  anchorRpcUrl: secretSetting({
    env: "POI_ANCHOR_RPC_URL",
    schema: url().optional(),
    description:
      "JSON-RPC URL of a node of the chain that checkpoints are anchored to; without it nothing is anchored. May hold the node's credentials.",
  }),
  anchorChainId: setting({
    env: "POI_ANCHOR_CHAIN_ID",
    schema: bigInteger({ min: 1n }).optional(),
    description: "Id of that chain; a node of another one is refused.",
  }),
  anchorRegistry: setting({
    env: "POI_ANCHOR_REGISTRY",
    schema: z
      .string()
      .regex(/^0x[0-9a-f]{40}$/, "is not an address in lower-case hex")
      .optional(),
    description: "Address of the CheckpointRegistry contract.",
  }),
  anchorKey: secretSetting({
    env: "POI_ANCHOR_KEY",
    schema: optionalText(),
    description:
      "Private key (32 bytes, 0x-hex) of the account that submits and pays, for nothing else; it registers the log's origin if nobody has.",
  }),
  anchorIntervalMs: setting({
    env: "POI_ANCHOR_INTERVAL_MS",
    schema: integer({ min: 100, max: 86_400_000 }),
    default: "600000",
    description: "Time between two anchored checkpoints.",
  }),
  anchorConfirmations: setting({
    env: "POI_ANCHOR_CONFIRMATIONS",
    schema: integer({ min: 0, max: 100 }),
    default: "0",
    description:
      "Blocks that have to follow an anchor's block before it counts; none for a chain that takes no block back.",
  }),
  anchorFeeMax: setting({
    env: "POI_ANCHOR_FEE_MAX",
    schema: bigInteger({ min: 1n }),
    default: "100000000000",
    description:
      "Most that is paid for a transaction, wei per gas; while the chain asks for more, nothing is anchored.",
  }),
});

/** poi's settings as the module gets them. */
export type PoiConfig = ConfigOf<typeof poiConfig>;

function witnessKeyProblem(vkey: string): string | undefined {
  try {
    const key = parseVerifierKey(vkey);
    return key.type === "cosignature" ? undefined : `${key.name} is not a key for cosignatures`;
  } catch (error) {
    if (error instanceof TlogError) return `a verifier key can not be read: ${error.message}`;
    throw error;
  }
}
