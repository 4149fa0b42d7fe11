import { Endpoint, type ServeResponse } from "@koinon/contracts/koinon/compute/v1/inference";
import type { ProviderServiceDefinition } from "@koinon/contracts/koinon/compute/v1/provider_service";
import type { OpenedReceipt as OpenedReceiptMessage } from "@koinon/contracts/koinon/receipt/v1/receipt";
import { transportError } from "@koinon/rpc/rpc-error";
import type { Connection } from "@koinon/runtime/module";
import { bytesToHex, hexToBytes } from "@koinon/secp256k1/hex";
import type { Endpoint as EndpointName } from "../relay/inference.ts";
import type {
  ProviderAnswer,
  ProviderConnection,
  ProviderConnector,
  ProviderPart,
  ServeCall,
} from "../relay/provider-connection.ts";
import type { OpenedReceipt } from "../relay/receipt-check.ts";

type ProviderClientConnection = Connection<typeof ProviderServiceDefinition>;

/** Kinds of addresses: a module of this process, `host:port` with mutual TLS, or a unix socket of this machine. */
export const endpointKinds = ["local", "tcp", "unix"] as const;
export type EndpointKind = (typeof endpointKinds)[number];

/** Which kinds of addresses are connected to, and how many at once. */
export interface ProviderConnectorOptions {
  readonly kinds: ReadonlySet<EndpointKind>;
  /** Connections that are kept; one without calls is closed for a new one. */
  readonly connectionsMax: number;
}

interface KeptConnection {
  readonly connection: ProviderClientConnection;
  calls: number;
}

/** Connects to providers over the host's transport; connections are shared by address. */
export class RpcProviderConnector implements ProviderConnector {
  readonly #options: ProviderConnectorOptions;
  readonly #open: (address: string) => ProviderClientConnection;
  /** In order of use. */
  readonly #kept = new Map<string, KeptConnection>();

  constructor(options: ProviderConnectorOptions, dependencies: { open(address: string): ProviderClientConnection }) {
    this.#options = options;
    this.#open = dependencies.open;
  }

  accepts(endpoint: string): boolean {
    const kind = kindOf(endpoint);
    return kind !== undefined && this.#options.kinds.has(kind);
  }

  connect(endpoint: string): ProviderConnection {
    return {
      serve: (call, options) => {
        const kept = this.#use(endpoint);
        const { serve } = kept.connection.client;
        kept.calls++;
        return new RpcProviderAnswer(
          (signal) => serve(requestFrom(call), { ...options, signal }),
          options.signal,
          () => {
            kept.calls--;
          },
        );
      },
    };
  }

  /** Closes every connection; calls under way fail. */
  close(): void {
    for (const { connection } of this.#kept.values()) connection.close();
    this.#kept.clear();
  }

  #use(endpoint: string): KeptConnection {
    const kept = this.#kept.get(endpoint) ?? { connection: this.#open(endpoint), calls: 0 };
    this.#kept.delete(endpoint);
    this.#kept.set(endpoint, kept);
    if (this.#kept.size > this.#options.connectionsMax) this.#closeOneIdle(kept);
    return kept;
  }

  #closeOneIdle(except: KeptConnection): void {
    for (const [endpoint, kept] of this.#kept) {
      if (kept.calls > 0 || kept === except) continue;
      kept.connection.close();
      this.#kept.delete(endpoint);
      return;
    }
  }
}

const hostAndPort = /^(dns:(\/\/\/)?)?([A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\]):[0-9]{1,5}$/;

function kindOf(endpoint: string): EndpointKind | undefined {
  if (endpoint.startsWith("local:")) return "local";
  if (endpoint.startsWith("unix:")) return "unix";
  return hostAndPort.test(endpoint) ? "tcp" : undefined;
}

/** A response stream read part by part. */
class RpcProviderAnswer implements ProviderAnswer {
  readonly #abort = new AbortController();
  readonly #iterator: AsyncIterator<ServeResponse>;
  readonly #ended: () => void;
  readonly #outer: AbortSignal;
  #isEnded = false;

  constructor(start: (signal: AbortSignal) => AsyncIterable<ServeResponse>, signal: AbortSignal, ended: () => void) {
    this.#ended = ended;
    this.#outer = signal;
    if (signal.aborted) this.#cancel();
    else signal.addEventListener("abort", this.#cancel, { once: true });
    this.#iterator = start(this.#abort.signal)[Symbol.asyncIterator]();
  }

  async next(): Promise<ProviderPart | undefined> {
    try {
      const result = await this.#iterator.next();
      if (result.done !== true) return partFrom(result.value);
    } catch (error) {
      this.#end();
      throw error;
    }
    this.#end();
    return undefined;
  }

  close(): void {
    if (this.#isEnded) return;
    this.#end();
    this.#cancel();
  }

  readonly #cancel = (): void => {
    this.#abort.abort(this.#outer.reason);
  };

  #end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#outer.removeEventListener("abort", this.#cancel);
    this.#ended();
  }
}

/** The enumeration's value for an endpoint. */
export const endpointValues: Record<EndpointName, Endpoint> = {
  chat: Endpoint.CHAT_COMPLETIONS,
  completion: Endpoint.COMPLETIONS,
  embedding: Endpoint.EMBEDDINGS,
};

function requestFrom(call: ServeCall) {
  return {
    requestId: hexToBytes(call.requestId),
    consumer: hexToBytes(call.consumer),
    endpoint: endpointValues[call.endpoint],
    body: call.body,
    manifestHash: hexToBytes(call.subject),
    priceId: hexToBytes(call.priceId),
    maxFee: call.maxFee.toString(),
    settledReceipts: call.settledReceipts.map(hexToBytes),
  };
}

function partFrom({ part }: ServeResponse): ProviderPart {
  switch (part?.$case) {
    case "head":
      return { kind: "head", status: part.value.status, contentType: part.value.contentType };
    case "chunk":
      return { kind: "chunk", bytes: part.value };
    case "receipt":
      return { kind: "receipt", opened: openedReceiptFrom(part.value) };
    case undefined:
      throw transportError("MESSAGE_MALFORMED");
  }
}

/** A receipt as it came; what is missing is left empty and fails its check. */
export function openedReceiptFrom({ receipt, input, output }: OpenedReceiptMessage): OpenedReceipt {
  const none = new Uint8Array();
  const opening = (given: OpenedReceiptMessage["input"]) => ({
    blinding: bytesToHex(given?.blinding ?? none),
    digest: bytesToHex(given?.digest ?? none),
  });
  return {
    receipt: { content: receipt?.content ?? none, signature: receipt?.signature ?? none },
    input: opening(input),
    output: opening(output),
  };
}
