import { mkdir } from "node:fs/promises";
import path from "node:path";
import { lockFolder } from "@koinon/machine/folder-lock";
import { freePort } from "@koinon/machine/free-port";
import { openSession } from "../session.ts";
import { quoteIdentifier } from "../sql.ts";
import { findBinaries } from "./binaries.ts";
import { embeddedUser, initialise, keepPassword, type RandomBytes } from "./initialise.ts";
import { admit, findServerIdentity, giveTo, type ServerIdentity } from "./server-identity.ts";
import { endProcess, launchServer, stopOrphan } from "./server-process.ts";

/** Where and how the embedded server runs. */
export interface EmbeddedPostgresOptions {
  /** Folder of the server's own: data, password, log and socket. Made when missing. */
  readonly directory: string;
  /** "none" is for tests: no fsync, and stopping does not wait. Default "full". */
  readonly durability?: "full" | "none";
  /** Default 60. */
  readonly connectionsMax?: number;
  /** Further server settings. */
  readonly settings?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

/** A running server that this process owns. */
export interface EmbeddedPostgres {
  readonly pid: number;
  /** Resolves when the server has ended, asked or not. */
  readonly exited: Promise<void>;
  /** Connection string of a database, as the superuser. */
  url(database: string): string;
  /** Creates a database unless it exists. */
  ensureDatabase(name: string): Promise<void>;
  stop(): Promise<void>;
}

// sun_path is 104 bytes on macOS and 108 on Linux, with the terminating zero.
const socketPathBytesMax = 103;
const portOnSocket = 5432;

/** Starts PostgreSQL on a folder, initialising it the first time; a server left over from a killed process is stopped first. */
export async function startEmbeddedPostgres(
  options: EmbeddedPostgresOptions,
  dependencies: { random: RandomBytes },
): Promise<EmbeddedPostgres> {
  const root = path.resolve(options.directory);
  const data = path.join(root, "data");
  const durable = options.durability !== "none";
  const binaries = await findBinaries();
  await mkdir(root, { recursive: true, mode: 0o711 });
  const identity = await admit(await findServerIdentity(process.getuid?.()), [data, binaries.postgres]);
  const owner = await lockFolder(root);
  try {
    const password = await keepPassword(path.join(root, "password"), dependencies.random);
    await stopOrphan(data);
    await initialise(binaries, identity, { root, data }, password, durable);
    const address = await chooseAddress(root, identity);
    const stopSignal = durable ? "SIGINT" : "SIGQUIT";
    const settings = { ...serverSettings(options, durable), ...address.settings, ...options.settings };
    const logFile = path.join(root, "server.log");
    const launch = { program: binaries.postgres, settings, identity, dataFolder: data, logFile, stopSignal } as const;
    const server = await launchServer(launch, options.signal);
    const pid = server.pid ?? 0;
    const exited = new Promise<void>((resolve) => server.once("exit", () => resolve()));
    const url = (database: string) =>
      `postgresql://${embeddedUser}:${password}@${address.authority}/${encodeURIComponent(database)}${address.query}`;
    return {
      pid,
      exited,
      url,
      ensureDatabase: (name) => ensureDatabase(url("postgres"), name),
      async stop() {
        if (server.exitCode === null && server.signalCode === null) {
          await endProcess(pid, data, stopSignal);
          await exited;
        }
        await owner.release();
      },
    };
  } catch (error) {
    await owner.release();
    throw error;
  }
}

/** Few processes and little memory; the machine is shared with a browser and a language model. */
function serverSettings(options: EmbeddedPostgresOptions, durable: boolean): Record<string, string> {
  return {
    max_connections: String(options.connectionsMax ?? 60),
    shared_buffers: "48MB",
    wal_level: "minimal",
    max_wal_senders: "0",
    max_wal_size: "256MB",
    max_worker_processes: "0",
    max_parallel_workers: "0",
    max_logical_replication_workers: "0",
    io_method: "sync",
    autovacuum_max_workers: "1",
    huge_pages: "off",
    jit: "off",
    log_min_messages: "warning",
    log_statement: "none",
    log_min_error_statement: "panic",
    fsync: durable ? "on" : "off",
    full_page_writes: durable ? "on" : "off",
  };
}

interface Address {
  readonly authority: string;
  readonly query: string;
  readonly settings: Record<string, string>;
}

/** A unix socket in the folder; where its path would be too long, a free port on the loopback interface. */
async function chooseAddress(root: string, identity: ServerIdentity): Promise<Address> {
  const folder = path.join(root, "run");
  if (Buffer.byteLength(path.join(folder, `.s.PGSQL.${portOnSocket}`)) < socketPathBytesMax) {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await giveTo(identity, folder);
    return {
      authority: "localhost",
      query: `?host=${encodeURIComponent(folder)}`,
      settings: { listen_addresses: "", unix_socket_directories: folder, port: String(portOnSocket) },
    };
  }
  const port = await freePort();
  return {
    authority: `127.0.0.1:${port}`,
    query: "",
    settings: { listen_addresses: "127.0.0.1", unix_socket_directories: "", port: String(port) },
  };
}

async function ensureDatabase(url: string, name: string): Promise<void> {
  const session = await openSession({ url, applicationName: "koinon-embedded", statementTimeoutMs: 60_000 });
  try {
    const found = await session.query("SELECT 1 FROM pg_database WHERE datname = $1", [name]);
    if (found.length === 0) await session.execute(`CREATE DATABASE ${quoteIdentifier(name)}`);
  } finally {
    await session.close();
  }
}
