import type { Logger } from "@koinon/runtime/logger";
import { Dispatcher } from "../../jsonrpc/dispatcher.ts";
import { toJsonRpcError } from "../../jsonrpc/fault-translation.ts";
import { JsonRpcError } from "../../jsonrpc/json-rpc-error.ts";
import { defaultLimits } from "../../jsonrpc/limits.ts";
import { createMethodTable, type Methods } from "../../jsonrpc/method.ts";
import { createHttpServer } from "../../jsonrpc/transport/http-server.ts";
import type { OriginPolicy } from "../../jsonrpc/transport/origin-policy.ts";
import { EngineError } from "../execution-engine.ts";
import type { EngineServer } from "./engine-server.ts";

/** Where the server listens, and who may call it. */
export interface ForwardingServerOptions {
  readonly host: string;
  /** 0 takes any. */
  readonly port: number;
  readonly policy: OriginPolicy;
}

/** Serves methods that another client answers, over HTTP alone. */
export async function startForwardingServer(
  { host, port, policy }: ForwardingServerOptions,
  { methods, log }: { readonly methods: Methods; readonly log: Logger },
): Promise<EngineServer> {
  const translate = (error: unknown): JsonRpcError | undefined =>
    error instanceof EngineError
      ? new JsonRpcError({ code: "SERVER_ERROR", message: "the client that executes does not answer" })
      : toJsonRpcError(error);
  const dispatcher = new Dispatcher(defaultLimits, { methods: createMethodTable([methods]), log, translate });
  const app = createHttpServer({ ...defaultLimits, policy }, dispatcher);
  await app.listen({ host, port });
  const address = app.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: async () => await app.close(),
  };
}
