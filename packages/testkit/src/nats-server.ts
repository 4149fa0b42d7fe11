import { writeFile } from "node:fs/promises";
import path from "node:path";
import { freePort } from "@koinon/machine/free-port";
import { type Child, startChild } from "./child-process.ts";
import { findProgram } from "./program-suite.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** A nats-server with JetStream that can be killed and started again on the same port and folder. */
export interface NatsServer {
  readonly url: string;
  /** The running process. */
  child(): Child;
  /** kill -9; what JetStream has on disk stays. */
  kill(): Promise<void>;
  /** Starts again after `kill`. */
  restart(): Promise<void>;
  /** Ends it and removes its folder. */
  stop(): Promise<void>;
}

/** Who may connect; everybody when left out. */
export interface NatsServerOptions {
  readonly user?: string;
  readonly password?: string;
  /** Text of a configuration file, for what has no argument. */
  readonly configuration?: string;
}

/** Starts nats-server on a free loopback port with its streams in a temporary folder. */
export async function startNats(options: NatsServerOptions = {}): Promise<NatsServer> {
  const program = findProgram("nats-server");
  if (program === undefined) throw new Error("no nats-server on this machine");
  const folder = await temporaryFolder("koinon-nats-");
  const port = await freePort();
  const access = options.user === undefined ? [] : ["--user", options.user, "--pass", options.password ?? ""];
  const configuration = path.join(folder.path, "nats.conf");
  await writeFile(configuration, options.configuration ?? "");
  const launch = () =>
    startChild({
      command: program,
      args: [
        "-c",
        configuration,
        "-a",
        "127.0.0.1",
        "-p",
        String(port),
        "-js",
        "-sd",
        path.join(folder.path, "store"),
        ...access,
      ],
      ready: /Server is ready/,
    });
  let child = await launch();
  return {
    url: `nats://127.0.0.1:${port}`,
    child: () => child,
    kill: () => child.kill(),
    async restart() {
      if (!child.isRunning()) child = await launch();
    },
    async stop() {
      await child.kill();
      await folder.remove();
    },
  };
}
