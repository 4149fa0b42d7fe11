import { decodeArguments, type Parameter } from "./codec/parameter.ts";
import type { Subscriptions } from "./transport/subscriptions.ts";

/** What a call runs in. */
export interface CallContext {
  /** Aborts when the caller has gone or the time for the request is over. */
  readonly signal: AbortSignal;
  /** The connection, for what lives as long as it does; undefined over HTTP. */
  readonly connection: Connection | undefined;
}

/** A connection that the server can send on by itself. */
export interface Connection {
  /** Sends a text; resolves when the peer keeps up, or the connection has ended. */
  send(text: string): Promise<void>;
  readonly subscriptions: Subscriptions;
  /** Runs a task when the answer to the message has been sent. */
  afterAnswer(task: () => void): void;
}

/** A method as the dispatcher sees it. The result is anything that JSON.stringify writes in full. */
export interface Method {
  call(params: readonly unknown[], context: CallContext): unknown;
  /** Carries out neighbours in a batch together; one settled result each, in order. Absent when there is nothing to gain. */
  callEach?(params: readonly (readonly unknown[])[], context: CallContext): Promise<PromiseSettledResult<unknown>[]>;
}

/** Methods by name. */
export type MethodTable = ReadonlyMap<string, Method>;

/** Methods of one topic. */
export type Methods = Readonly<Record<string, Method>>;

/** What parameters decode to. */
export type Values<P extends readonly Parameter<unknown>[]> = {
  readonly [K in keyof P]: P[K] extends Parameter<infer T> ? T : never;
};

/** A method whose parameters are decoded before it runs; what does not decode is answered with "invalid argument". */
export function method<const P extends readonly Parameter<unknown>[]>(
  parameters: P,
  call: (values: Values<P>, context: CallContext) => unknown,
): Method {
  return { call: (params, context) => call(decodeArguments(parameters, params) as Values<P>, context) };
}

/** Puts topics together; a name that comes twice is a mistake of the program. */
export function createMethodTable(topics: readonly Methods[]): MethodTable {
  const table = new Map<string, Method>();
  for (const topic of topics) {
    for (const [name, entry] of Object.entries(topic)) {
      if (table.has(name)) throw new TypeError(`the method ${name} is declared twice`);
      table.set(name, entry);
    }
  }
  return table;
}
