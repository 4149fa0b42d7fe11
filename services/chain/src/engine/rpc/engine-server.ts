import type { Logger } from "@koinon/runtime/logger";
import { Dispatcher } from "../../jsonrpc/dispatcher.ts";
import { toJsonRpcError } from "../../jsonrpc/fault-translation.ts";
import { createMethodTable, type Methods } from "../../jsonrpc/method.ts";
import { createHttpServer } from "../../jsonrpc/transport/http-server.ts";
import { isGoodJwt, type JwtSecret } from "./jwt.ts";

/** Where and how the Engine API is served. */
export interface EngineServerOptions {
  readonly host: string;
  /** 0 takes any. */
  readonly port: number;
  readonly secret: JwtSecret;
}

/** What is served. */
export interface EngineServerDependencies {
  /** The Engine API and the few other methods that its specification wants on the same port. */
  readonly methods: readonly Methods[];
  readonly log: Logger;
  readonly clock: { now(): number };
}

/** A server that listens. */
export interface EngineServer {
  readonly port: number;
  close(): Promise<void>;
}

/** Hex doubles a block of 8 MiB; consensus also sends what is larger by mistake, to be told so. */
const bodyBytesMax = 64 * 2 ** 20;
/** One consensus client asks one thing after the other. */
const requestsMax = 16;
const requestTimeoutMs = 60_000;

/** Serves the Engine API with the authentication that it asks for. */
export async function startEngineServer(
  { host, port, secret }: EngineServerOptions,
  { methods, log, clock }: EngineServerDependencies,
): Promise<EngineServer> {
  const dispatcher = new Dispatcher(
    { batchMax: 64, responseLengthMax: bodyBytesMax, requestTimeoutMs },
    { methods: createMethodTable(methods), log, translate: toJsonRpcError },
  );
  const policy = { hosts: ["*"], corsOrigins: [] };
  const app = createHttpServer({ policy, bodyBytesMax, requestsMax }, dispatcher);
  app.addHook("onRequest", (request, reply, done) => {
    const [scheme, token = ""] = (request.headers.authorization ?? "").split(" ");
    if (scheme === "Bearer" && isGoodJwt(token, secret, clock.now())) done();
    else void reply.code(401).type("text/plain").send("a token by HS256, at most a minute old, is needed");
  });
  await app.listen({ host, port });
  const address = app.server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : port,
    close: async () => await app.close(),
  };
}
