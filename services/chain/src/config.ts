import { type ConfigOf, declareConfig, secretSetting, setting } from "@koinon/runtime/config";
import { bigInteger, flag, integer, list, optionalText, text } from "@koinon/runtime/config-schemas";
import { z } from "zod";

/** Every setting of a shard. */
export const chainConfig = declareConfig({
  dataFolder: setting({
    env: "CHAIN_DATA",
    schema: text(),
    description: "Folder of the chain's database; made when it is not there, and used by one process at a time.",
  }),
  genesisFile: setting({
    env: "CHAIN_GENESIS",
    schema: text(),
    description: "Genesis file in geth's format; a folder keeps the chain that it was begun with.",
  }),
  rpcListen: setting({
    env: "CHAIN_RPC_LISTEN",
    schema: optionalText(),
    description:
      "Address of JSON-RPC over HTTP and WebSocket, `host:port`; `off` for none. Without it `127.0.0.1:8545`, or none where another client executes.",
  }),
  rpcCorsOrigins: setting({
    env: "CHAIN_RPC_CORS_ORIGINS",
    schema: list(),
    default: "",
    description: "Origins of pages that may call JSON-RPC; `*` for all.",
  }),
  rpcHosts: setting({
    env: "CHAIN_RPC_HOSTS",
    schema: list(),
    default: "",
    description: "Names besides IP addresses and localhost that JSON-RPC may be called by; `*` for all.",
  }),
  proposer: setting({
    env: "CHAIN_PROPOSER",
    schema: z.enum(["solo", "none"]),
    default: "solo",
    description: "Who orders: this process alone, or a consensus client through the Engine API.",
  }),
  blockIntervalMs: setting({
    env: "CHAIN_BLOCK_INTERVAL_MS",
    schema: integer({ min: 0, max: 3_600_000 }),
    default: "1000",
    description:
      "Least milliseconds from one block of the solo proposer to the next; below 1000 the blocks' times run ahead of the clock.",
  }),
  emptyBlocks: setting({
    env: "CHAIN_EMPTY_BLOCKS",
    schema: flag(),
    default: "false",
    description: "Whether the solo proposer makes blocks without transactions.",
  }),
  feeRecipient: setting({
    env: "CHAIN_FEE_RECIPIENT",
    schema: z.string("is not set").regex(/^0x[0-9a-f]{40}$/, "is not an address in lower-case hex"),
    default: "0x0000000000000000000000000000000000000000",
    description: "Who gets the priority fees of the solo proposer's blocks.",
  }),
  gasLimit: setting({
    env: "CHAIN_GAS_LIMIT",
    schema: bigInteger({ min: 0n, max: 2n ** 53n }),
    default: "0",
    description: "Gas limit that blocks move towards, by less than 1/1024 each; 0 keeps that of the genesis block.",
  }),
  withdrawalCallers: setting({
    env: "CHAIN_WITHDRAWAL_CALLERS",
    schema: list(),
    default: "",
    description:
      "Services (of the names in certificates) that may have the solo proposer credit coin to accounts; nobody when empty.",
  }),
  engineListen: setting({
    env: "CHAIN_ENGINE_LISTEN",
    schema: optionalText(),
    description: "Address of the Engine API, `host:port`; off when empty.",
  }),
  engineUrl: setting({
    env: "CHAIN_ENGINE_URL",
    schema: z.url({ protocol: /^https?$/, error: "is not an http or https URL" }).optional(),
    description:
      "Engine API of another client that executes instead of this process; nothing but the proposer runs here then.",
  }),
  engineJwt: secretSetting({
    env: "CHAIN_ENGINE_JWT",
    schema: optionalText(),
    description: "Secret of the Engine API, 32 bytes in hex; needed where it is served or called.",
  }),
  engineBuildMs: setting({
    env: "CHAIN_ENGINE_BUILD_MS",
    schema: integer({ min: 0, max: 60_000 }),
    default: "500",
    description: "Milliseconds that another client gets to fill a block.",
  }),
  historyBlocks: setting({
    env: "CHAIN_HISTORY_BLOCKS",
    schema: integer({ min: 1, max: 1_000_000 }),
    default: "256",
    description: "Blocks before the head whose state can be read, and gone back to.",
  }),
  archive: setting({
    env: "CHAIN_ARCHIVE",
    schema: flag(),
    default: "false",
    description: "Whether the state of every block stays readable; decided when the chain begins.",
  }),
  cacheMebibytes: setting({
    env: "CHAIN_CACHE_MIB",
    schema: integer({ min: 8, max: 65_536 }),
    default: "256",
    description: "Mebibytes of memory for entries of the last state.",
  }),
  recoveryWorkers: setting({
    env: "CHAIN_RECOVERY_WORKERS",
    schema: integer({ min: 0, max: 64 }),
    default: "2",
    description: "Threads that recover senders; 0 does it on the main one.",
  }),
  mempoolTransactions: setting({
    env: "CHAIN_MEMPOOL_TRANSACTIONS",
    schema: integer({ min: 16, max: 1_000_000 }),
    default: "65536",
    description: "Most transactions that wait.",
  }),
  senderTransactions: setting({
    env: "CHAIN_MEMPOOL_SENDER_TRANSACTIONS",
    schema: integer({ min: 1, max: 100_000 }),
    default: "1024",
    description: "Most transactions of one sender that wait.",
  }),
  mempoolJournal: setting({
    env: "CHAIN_MEMPOOL_JOURNAL",
    schema: flag(),
    default: "true",
    description: "Whether waiting transactions are kept in a file of the data folder, and wait again after a restart.",
  }),
  minTip: setting({
    env: "CHAIN_MIN_TIP",
    schema: bigInteger({ min: 0n }),
    default: "0",
    description: "Least priority fee of a transaction, in wei per gas.",
  }),
  callGas: setting({
    env: "CHAIN_CALL_GAS",
    schema: bigInteger({ min: 21_000n, max: 2n ** 53n }),
    default: "50000000",
    description: "Most gas of eth_call and its kin.",
  }),
  callThreads: setting({
    env: "CHAIN_CALL_THREADS",
    schema: integer({ min: 1, max: 64 }),
    default: "2",
    description:
      "Threads for calls, traces and log searches, started when there is work; all but one may be at something long.",
  }),
  callTimeoutMs: setting({
    env: "CHAIN_CALL_TIMEOUT_MS",
    schema: integer({ min: 10, max: 600_000 }),
    default: "5000",
    description: "Milliseconds that eth_call and its kin may take.",
  }),
});

/** A shard's settings as the module gets them. */
export type ChainModuleConfig = ConfigOf<typeof chainConfig>;
