import type { SystemClock } from "@koinon/runtime/clock";
import type { Logger } from "@koinon/runtime/logger";
import type { Random } from "@koinon/runtime/random";
import type { FastifyInstance } from "fastify";
import type { ChainView } from "../chain-view.ts";
import { type DispatchDependencies, Dispatcher } from "./dispatcher.ts";
import { toJsonRpcError } from "./fault-translation.ts";
import { FilterRegistry } from "./filters/filter-registry.ts";
import { defaultLimits, type JsonRpcLimits } from "./limits.ts";
import { createMethodTable, type MethodTable } from "./method.ts";
import { createAccountMethods } from "./methods/account-methods.ts";
import { createBlockMethods } from "./methods/block-methods.ts";
import { createCallThreadMethods, withoutMethods } from "./methods/call-thread-methods.ts";
import { createFillMethods } from "./methods/fill-methods.ts";
import { createFilterMethods } from "./methods/filter-methods.ts";
import { createNodeMethods } from "./methods/node-methods.ts";
import { createPoolMethods } from "./methods/pool-methods.ts";
import { createRawMethods } from "./methods/raw-methods.ts";
import { createSizedMethods } from "./methods/sized-methods.ts";
import { createSubscriptionMethods } from "./methods/subscription-methods.ts";
import { createTransactionMethods } from "./methods/transaction-methods.ts";
import { createHttpServer } from "./transport/http-server.ts";
import type { OriginPolicy } from "./transport/origin-policy.ts";
import { WebSocketSide } from "./transport/web-socket-server.ts";

/** Where and how the server listens; HTTP and WebSocket share the port. */
export interface JsonRpcServerOptions {
  /** Address to listen on; the loopback unless an operator says otherwise. */
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly policy: OriginPolicy;
  /** As web3_clientVersion answers it: name/version/platform. */
  readonly clientVersion: string;
  /** Bounds that differ from `defaultLimits`. */
  readonly limits?: Partial<JsonRpcLimits>;
}

/** What the server is made of. */
export interface JsonRpcServerDependencies {
  readonly view: ChainView;
  readonly clock: SystemClock;
  readonly random: Random;
  readonly log: Logger;
  readonly answered?: DispatchDependencies["answered"];
}

/** The JSON-RPC of a chain over HTTP and WebSocket. */
export class JsonRpcServer {
  readonly #options: JsonRpcServerOptions;
  readonly #app: FastifyInstance;
  readonly #webSockets: WebSocketSide;
  readonly #filters: FilterRegistry;

  constructor(options: JsonRpcServerOptions, dependencies: JsonRpcServerDependencies) {
    const limits: JsonRpcLimits = { ...defaultLimits, ...options.limits };
    const { log, random } = dependencies;
    this.#options = options;
    this.#filters = new FilterRegistry(limits, dependencies);
    const methods = createMethods(options, dependencies, { limits, filters: this.#filters });
    const { answered } = dependencies;
    const dispatcher = new Dispatcher(limits, {
      methods,
      log,
      translate: toJsonRpcError,
      ...(answered === undefined ? {} : { answered }),
    });
    const { policy } = options;
    this.#app = createHttpServer({ ...limits, policy }, dispatcher);
    const failed = (error: unknown): void => log.error({ err: error }, "a subscription broke off");
    this.#webSockets = new WebSocketSide(this.#app.server, { limits, policy }, { dispatcher, random, failed });
  }

  /** Begins to listen; answers the port. */
  async start(): Promise<number> {
    const { host, port } = this.#options;
    await this.#app.listen({ host, port });
    const address = this.#app.server.address();
    return typeof address === "object" && address !== null ? address.port : port;
  }

  /** Ends all connections and listens no more. */
  async stop(): Promise<void> {
    this.#webSockets.close();
    await this.#app.close();
    this.#filters.close();
  }
}

/** All methods of a chain by name. */
function createMethods(
  identity: Pick<JsonRpcServerOptions, "clientVersion">,
  { view }: JsonRpcServerDependencies,
  { limits, filters }: { readonly limits: JsonRpcLimits; readonly filters: FilterRegistry },
): MethodTable {
  const { reader } = view;
  const elsewhere = { ...createCallThreadMethods(view.calls, limits), ...createSizedMethods(view, limits) };
  return createMethodTable([
    elsewhere,
    createNodeMethods(reader, identity),
    withoutMethods(createBlockMethods(reader), elsewhere),
    createAccountMethods(view, limits),
    createTransactionMethods(view, limits),
    createFillMethods(view, limits),
    createFilterMethods(view, filters, limits),
    createSubscriptionMethods(view, limits),
    createPoolMethods(view, limits),
    withoutMethods(createRawMethods(reader), elsewhere),
  ]);
}
