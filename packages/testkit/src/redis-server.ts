import { freePort } from "@koinon/machine/free-port";
import { type Child, startChild } from "./child-process.ts";
import { findProgram } from "./program-suite.ts";

/** A redis-server without persistence that can be killed and started again, empty, on the same port. */
export interface RedisServer {
  readonly url: string;
  child(): Child;
  kill(): Promise<void>;
  restart(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts redis-server on a free loopback port. */
export async function startRedis(): Promise<RedisServer> {
  const program = findProgram("redis-server");
  if (program === undefined) throw new Error("no redis-server on this machine");
  const port = await freePort();
  const memoryOnly = ["--save", "", "--appendonly", "no"];
  const launch = () =>
    startChild({
      command: program,
      args: ["--bind", "127.0.0.1", "--port", String(port), ...memoryOnly],
      ready: /Ready to accept connections/,
    });
  let child = await launch();
  return {
    url: `redis://127.0.0.1:${port}`,
    child: () => child,
    kill: () => child.kill(),
    async restart() {
      if (!child.isRunning()) child = await launch();
    },
    stop: () => child.kill(),
  };
}
