import { keccakHex } from "@koinon/ethereum/hash";
import type { ChainReader } from "../../chain-view.ts";
import { readBytes } from "../codec/bytes.ts";
import { required } from "../codec/parameter.ts";
import { quantity } from "../codec/quantity.ts";
import { forkConfigs } from "../fork-config.ts";
import { type Methods, method } from "../method.ts";
import { requiredHeader } from "../required-block.ts";

/** What the node says about itself. */
export interface NodeIdentity {
  /** As web3_clientVersion answers it: name/version/platform. */
  readonly clientVersion: string;
}

/** eth_chainId and its like, net_*, web3_*, rpc_modules. */
export function createNodeMethods(reader: ChainReader, { clientVersion }: NodeIdentity): Methods {
  const { chainId } = reader.config;
  return {
    eth_chainId: method([], () => quantity(chainId)),
    // EIP-7910.
    eth_config: method([], () => {
      const genesis = requiredHeader(reader, 0n);
      const start = { hash: genesis.hash, timestamp: genesis.header.timestamp };
      return forkConfigs(reader.config, start, reader.head().header.timestamp);
    }),
    // What is on disk is the chain; there is nothing to catch up with.
    eth_syncing: method([], () => false),
    net_version: method([], () => chainId.toString()),
    net_listening: method([], () => true),
    net_peerCount: method([], () => quantity(0)),
    web3_clientVersion: method([], () => clientVersion),
    web3_sha3: method([required(readBytes)], ([bytes]) => keccakHex(bytes)),
    rpc_modules: method([], () => ({ debug: "1.0", eth: "1.0", net: "1.0", rpc: "1.0", txpool: "1.0", web3: "1.0" })),
  };
}
