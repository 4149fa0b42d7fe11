import type { ModelSource } from "@koinon/compute/models/source/parse";

/** What a person can say when starting a network on one machine. */
export interface LaptopOptions {
  readonly dataDir: string;
  /** Port of the gateway on loopback; 0 picks a free one. */
  readonly port: number;
  /** Serve this OpenAI-compatible base URL instead of models of our own. */
  readonly engineUrl?: string;
  /** Serve this GGUF file instead of the default models. */
  readonly model?: ModelSource;
  /** Folder of the model store; inside the data folder when absent. */
  readonly modelsDir?: string;
  /** Runs no shard of the chain. */
  readonly withoutChain?: boolean;
}

/** What the development shard adds to it. */
export interface ShardReady {
  /** JSON-RPC over HTTP. */
  readonly rpc: string;
  /** JSON-RPC over WebSocket. */
  readonly ws: string;
  readonly chainId: number;
  /** Private key that owns all coin of this data folder's chain, which is worth nothing. */
  readonly devKey: string;
}

/** What a started network says of itself: the first line of `koinon start --json`. */
export interface ReadyLine extends Partial<ShardReady> {
  /** Base URL of the gateway. */
  readonly url: string;
  /** A key with a budget, for applications and the Terminal. */
  readonly apiKey: string;
  /** Where the Terminal is, with the key in the fragment, which browsers do not send. */
  readonly terminal: string;
  readonly dataDir: string;
  /** Name of a model that answers. */
  readonly model: string;
}
