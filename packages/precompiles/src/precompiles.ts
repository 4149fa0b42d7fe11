import type { Fork } from "@koinon/ethereum/fork";
import type { Address } from "@koinon/secp256k1/address";
import { ecrecover } from "./ecrecover.ts";
import { ripemd160, sha256 } from "./hashes.ts";
import { identity } from "./identity.ts";
import { modexpCancun, modexpOsaka } from "./modexp.ts";
import type { Precompile } from "./precompile.ts";

const cancun: readonly (readonly [number, Precompile])[] = [
  [0x01, ecrecover],
  [0x02, sha256],
  [0x03, ripemd160],
  [0x04, identity],
  [0x05, modexpCancun],
];

const byFork: Readonly<Record<Fork, ReadonlyMap<Address, Precompile>>> = {
  cancun: table(cancun),
  prague: table(cancun),
  osaka: table([...cancun, [0x05, modexpOsaka]]),
};

/** The precompiled contracts that exist under a fork, by address. */
export function precompiles(fork: Fork): ReadonlyMap<Address, Precompile> {
  return byFork[fork];
}

function table(entries: readonly (readonly [number, Precompile])[]): ReadonlyMap<Address, Precompile> {
  return new Map(entries.map(([number, precompile]) => [addressOf(number), precompile]));
}

function addressOf(number: number): Address {
  return `0x${number.toString(16).padStart(40, "0")}`;
}
