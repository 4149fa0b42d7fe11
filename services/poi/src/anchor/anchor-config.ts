import { ConfigError } from "@koinon/runtime/config";
import { type Address, parseAddress } from "@koinon/secp256k1/address";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { hexToBytes, isHex } from "@koinon/secp256k1/hex";
import type { Signer } from "@koinon/secp256k1/signer";
import type { PoiConfig } from "../config.ts";

/** Settings of anchoring, all there. */
export interface AnchorConfig {
  readonly rpcUrl: string;
  readonly chainId: bigint;
  readonly registry: Address;
  readonly signer: Signer;
  readonly intervalMs: number;
  readonly confirmations: bigint;
  readonly feeMax: bigint;
}

/** What the settings say about anchoring: undefined when it is off. Throws ConfigError when some are missing or a key is none. */
export function anchorConfigOf(config: PoiConfig): AnchorConfig | undefined {
  const rpcUrl = config.anchorRpcUrl?.reveal();
  const { anchorChainId: chainId, anchorRegistry: registry, anchorKey: key } = config;
  if (rpcUrl === undefined) {
    if (registry === undefined && key === undefined && chainId === undefined) return undefined;
    throw new ConfigError(["POI_ANCHOR_RPC_URL is not set, but other settings of anchoring are"]);
  }
  const problems = [
    ...(chainId === undefined ? ["POI_ANCHOR_CHAIN_ID is not set, but POI_ANCHOR_RPC_URL is"] : []),
    ...(registry === undefined ? ["POI_ANCHOR_REGISTRY is not set, but POI_ANCHOR_RPC_URL is"] : []),
    ...(key === undefined ? ["POI_ANCHOR_KEY is not set, but POI_ANCHOR_RPC_URL is"] : []),
  ];
  if (chainId === undefined || registry === undefined || key === undefined) throw new ConfigError(problems);
  const { anchorIntervalMs: intervalMs, anchorConfirmations, anchorFeeMax: feeMax } = config;
  return {
    ...{ rpcUrl, chainId, intervalMs, feeMax, registry: parseAddress(registry) },
    ...{ signer: signerOf(key.reveal()), confirmations: BigInt(anchorConfirmations) },
  };
}

function signerOf(text: string): Signer {
  const key = text.trim();
  try {
    if (isHex(key, 32)) return createSigner(hexToBytes(key));
  } catch {
    // Out of the group's range: told below, without the key.
  }
  throw new ConfigError(["POI_ANCHOR_KEY is no private key: 32 bytes in lower-case 0x-hex"]);
}
