import { accessSync, constants } from "node:fs";
import { InputError, type Terminal, UsageError } from "../command.ts";
import { reasonOf } from "../connection/files.ts";
import { portOf } from "./port.ts";

/** Options of `koinon start chain`. */
export interface ChainOptions {
  readonly data?: string | undefined;
  readonly genesis?: string | undefined;
  readonly port?: string | undefined;
  readonly engine?: string | undefined;
  readonly jwt?: string | undefined;
}

/**
 * The environment of the chain's process: options stand for its variables, and win over them. Throws UsageError for options that
 * make no sense, InputError for files that can not be read.
 */
export function chainEnvironment(
  { data, genesis, port, engine, jwt }: ChainOptions,
  { env }: Pick<Terminal, "env">,
): Record<string, string | undefined> {
  if ((engine === undefined) !== (jwt === undefined)) throw new UsageError("--engine and --jwt go together");
  if (port !== undefined) portOf(port);
  if (genesis !== undefined) assertReadable("the genesis file", genesis);
  if (jwt !== undefined) assertReadable("the secret", jwt);
  const given = {
    CHAIN_DATA: data,
    CHAIN_GENESIS: genesis,
    CHAIN_RPC_LISTEN: port === undefined ? undefined : `127.0.0.1:${port}`,
    CHAIN_ENGINE_URL: engine,
    CHAIN_ENGINE_JWT_FILE: jwt,
  };
  return { ...env, ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) };
}

function assertReadable(what: string, file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (cause) {
    throw new InputError(`can not read ${what} ${file}: ${reasonOf(cause)}`, { cause });
  }
}
