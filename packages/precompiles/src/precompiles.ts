import type { Fork } from "@koinon/ethereum/fork";
import type { Address } from "@koinon/secp256k1/address";
import { blake2f } from "./blake2f.ts";
import {
  bls12G1Add,
  bls12G1Msm,
  bls12G2Add,
  bls12G2Msm,
  bls12MapFp2ToG2,
  bls12MapFpToG1,
  bls12PairingCheck,
} from "./bls12-381.ts";
import { bn254Add, bn254Mul, bn254Pairing } from "./bn254.ts";
import { ecrecover } from "./ecrecover.ts";
import { ripemd160, sha256 } from "./hashes.ts";
import { identity } from "./identity.ts";
import { modexpCancun, modexpOsaka } from "./modexp.ts";
import { p256Verify } from "./p256-verify.ts";
import { pointEvaluation } from "./point-evaluation.ts";
import type { Precompile } from "./precompile.ts";

type Entries = readonly (readonly [number: number, precompile: Precompile])[];

const cancun: Entries = [
  [0x01, ecrecover],
  [0x02, sha256],
  [0x03, ripemd160],
  [0x04, identity],
  [0x05, modexpCancun],
  [0x06, bn254Add],
  [0x07, bn254Mul],
  [0x08, bn254Pairing],
  [0x09, blake2f],
  [0x0a, pointEvaluation],
];

// EIP-2537.
const addedInPrague: Entries = [
  [0x0b, bls12G1Add],
  [0x0c, bls12G1Msm],
  [0x0d, bls12G2Add],
  [0x0e, bls12G2Msm],
  [0x0f, bls12PairingCheck],
  [0x10, bls12MapFpToG1],
  [0x11, bls12MapFp2ToG2],
];

// EIP-7823 and EIP-7883; EIP-7951.
const changedInOsaka: Entries = [
  [0x05, modexpOsaka],
  [0x100, p256Verify],
];

const byFork: Readonly<Record<Fork, ReadonlyMap<Address, Precompile>>> = {
  cancun: table(cancun),
  prague: table([...cancun, ...addedInPrague]),
  osaka: table([...cancun, ...addedInPrague, ...changedInOsaka]),
};

/** The precompiled contracts that exist under a fork, by address. */
export function precompiles(fork: Fork): ReadonlyMap<Address, Precompile> {
  return byFork[fork];
}

function table(entries: Entries): ReadonlyMap<Address, Precompile> {
  return new Map(entries.map(([number, precompile]) => [addressOf(number), precompile]));
}

function addressOf(number: number): Address {
  return `0x${number.toString(16).padStart(40, "0")}`;
}
