import { checksumAddress } from "@koinon/ethereum/checksum-address";
import type { Precompile } from "@koinon/precompiles/precompile";
import type { Address } from "@koinon/secp256k1/address";
import type { StateOverrides } from "../chain-view.ts";
import { ChainError } from "../errors.ts";

/**
 * The precompiles where some accounts are otherwise: one that is overridden in any way is an account like others, or is at another
 * address. Throws ChainError OVERRIDE_INVALID.
 */
export function overridePrecompiles(
  precompiles: ReadonlyMap<Address, Precompile>,
  overrides: StateOverrides | undefined,
): ReadonlyMap<Address, Precompile> {
  let left: Map<Address, Precompile> | undefined;
  for (const [address, { movePrecompileTo: target }] of overrides ?? []) {
    const precompile = precompiles.get(address);
    if (precompile === undefined) {
      if (target !== undefined) throw invalid(address, "is not a precompile");
      continue;
    }
    left ??= new Map(precompiles);
    if (target !== undefined) {
      if (overrides?.has(target)) throw invalid(target, "is already overridden");
      left.set(target, precompile);
    }
    left.delete(address);
  }
  return left ?? precompiles;
}

function invalid(address: Address, reason: string): ChainError {
  return new ChainError({ code: "OVERRIDE_INVALID", address: checksumAddress(address), reason });
}
