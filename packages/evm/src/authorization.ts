import type { Authorization } from "@koinon/ethereum/transaction";
import { zeroAddress } from "@koinon/secp256k1/address";
import { writeHex } from "@koinon/secp256k1/hex";
import type { EvmDependencies } from "./dependencies.ts";
import { limits } from "./fork-rules.ts";
import { noBytes } from "./frame.ts";
import { gas } from "./gas.ts";
import type { WorldState } from "./world-state.ts";

/** The code of an account that delegates (EIP-7702). */
export function delegationDesignator(address: Authorization["address"]): Uint8Array {
  const code = new Uint8Array(23);
  code.set([0xef, 0x01, 0x00]);
  writeHex(address, code, 3, 20);
  return code;
}

/** Applies an EIP-7702 authorization, or nothing when it is not valid. */
export function applyAuthorization(
  authorization: Authorization,
  world: WorldState,
  { chainId, recoverAuthority }: { readonly chainId: bigint } & Pick<EvmDependencies, "recoverAuthority">,
): void {
  if (authorization.chainId !== 0n && authorization.chainId !== chainId) return;
  if (authorization.nonce >= limits.nonce) return;
  const address = recoverAuthority(authorization);
  if (address === undefined) return;
  const authority = world.account(address);
  world.warmAccount(authority);
  if (authority.hasCode && world.program(authority).delegate === undefined) return;
  if (authority.nonce !== authorization.nonce) return;
  if (authority.exists) world.refund += gas.authorizationExistingRefund;
  const revokes = authorization.address === zeroAddress;
  world.setCode(authority, revokes ? noBytes : delegationDesignator(authorization.address));
  world.setNonce(authority, authority.nonce + 1n);
}
