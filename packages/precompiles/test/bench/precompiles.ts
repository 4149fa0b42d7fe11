// What each precompiled contract does for its gas in a second of CPU time: the lower the Mgas/s, the more time a block of its calls takes.
// Run: node test/bench/precompiles.ts [--json]

import { cpus } from "node:os";
import { parseArgs } from "node:util";
import type { Fork } from "@koinon/ethereum/fork";
import { createSigner } from "@koinon/secp256k1/ecdsa";
import { p256 } from "@noble/curves/nist.js";
import { precompiles } from "../../src/precompiles.ts";
import { bls, bn, concat, modexpInput, word } from "../encode-points.ts";
import { openLine, pointEvaluationInput } from "../sample-opening.ts";

const measureMs = 250;

interface Case {
  readonly name: string;
  readonly contract: number;
  readonly fork?: Fork;
  readonly input: Uint8Array;
}

interface Row {
  readonly name: string;
  readonly opsPerSecond: number;
  readonly gas: number;
  readonly mgasPerSecond: number;
}

const filled = (length: number, byte = 0xff): Uint8Array => new Uint8Array(length).fill(byte);
const scalar = (seed: number): bigint => BigInt(`0x${"9e3779b97f4a7c15".repeat(3)}`) * BigInt(seed + 1);
const repeat = (count: number, part: (index: number) => Uint8Array): Uint8Array =>
  concat(...Array.from({ length: count }, (_, index) => part(index)));

const cases: readonly Case[] = [
  { name: "ecrecover", contract: 0x01, input: ecrecoverInput() },
  ...[0, 128, 32_768].map((size) => ({ name: `sha256 ${size} B`, contract: 0x02, input: filled(size) })),
  ...[0, 128, 32_768].map((size) => ({ name: `ripemd160 ${size} B`, contract: 0x03, input: filled(size) })),
  ...[0, 32_768].map((size) => ({ name: `identity ${size} B`, contract: 0x04, input: filled(size) })),
  ...(["prague", "osaka"] as const).flatMap((fork) => modexpCases(fork)),
  { name: "bn254 add", contract: 0x06, input: concat(bn.g1Times(5n), bn.g1Times(7n)) },
  { name: "bn254 mul", contract: 0x07, input: concat(bn.g1Times(5n), filled(32)) },
  ...[1, 2, 10].map((pairs) => ({
    name: `bn254 pairing, ${pairs} pairs`,
    contract: 0x08,
    input: repeat(pairs, (index) => concat(bn.g1Times(scalar(index)), bn.g2Times(scalar(index + 20)))),
  })),
  ...[1, 12, 1_000_000].map((rounds) => ({
    name: `blake2f, ${rounds} rounds`,
    contract: 0x09,
    input: concat(word(BigInt(rounds), 4), filled(208), filled(1, 1)),
  })),
  { name: "point evaluation", contract: 0x0a, input: pointEvaluationInput(openLine(3n, 5n, scalar(1))) },
  { name: "bls12-381 G1 add", contract: 0x0b, input: concat(bls.g1Times(5n), bls.g1Times(7n)) },
  ...[1, 2, 16, 128].map((pairs) => ({
    name: `bls12-381 G1 msm, ${pairs} pairs`,
    contract: 0x0c,
    input: repeat(pairs, (index) => concat(bls.g1Times(scalar(index)), word(2n ** 256n - scalar(index)))),
  })),
  { name: "bls12-381 G2 add", contract: 0x0d, input: concat(bls.g2Times(5n), bls.g2Times(7n)) },
  ...[1, 2, 16, 128].map((pairs) => ({
    name: `bls12-381 G2 msm, ${pairs} pairs`,
    contract: 0x0e,
    input: repeat(pairs, (index) => concat(bls.g2Times(scalar(index)), word(2n ** 256n - scalar(index)))),
  })),
  ...[1, 2, 10].map((pairs) => ({
    name: `bls12-381 pairing, ${pairs} pairs`,
    contract: 0x0f,
    input: repeat(pairs, (index) => concat(bls.g1Times(scalar(index)), bls.g2Times(scalar(index + 20)))),
  })),
  { name: "bls12-381 map to G1", contract: 0x10, input: word(scalar(3), 64) },
  { name: "bls12-381 map to G2", contract: 0x11, input: concat(word(scalar(3), 64), word(scalar(4), 64)) },
  { name: "p256verify", contract: 0x100, input: p256Input() },
];

function modexpCases(fork: Fork): readonly Case[] {
  const odd = (length: number): Uint8Array => filled(length, 0xc5);
  const shapes: readonly (readonly [base: number, exponent: number, modulus: number])[] = [
    [1, 32, 1],
    [8, 8, 8],
    [32, 32, 32],
    [40, 2, 40],
    [64, 64, 64],
    [192, 3, 192],
    [256, 256, 256],
    [1024, 3, 1024],
  ];
  const even = (length: number): Uint8Array => filled(length, 0xc4);
  return [odd, even].flatMap((fill) =>
    shapes.map(([base, exponent, modulus]) => ({
      name: `modexp ${base}/${exponent}/${modulus} B, ${fill === odd ? "odd" : "even"}, ${fork}`,
      contract: 0x05,
      fork,
      input: modexpInput(filled(base), filled(exponent), fill(modulus)),
    })),
  );
}

function ecrecoverInput(): Uint8Array {
  const digest = filled(32, 7);
  const signature = createSigner(filled(32, 9)).sign(digest);
  return concat(digest, word(BigInt(signature[64] as number)), signature.subarray(0, 64));
}

function p256Input(): Uint8Array {
  const digest = filled(32, 7);
  const signature = p256.sign(digest, filled(32, 9), { prehash: false, lowS: false });
  return concat(digest, signature, p256.getPublicKey(filled(32, 9), false).subarray(1));
}

function measure({ name, contract, fork = "osaka", input }: Case): Row {
  const precompile = precompiles(fork).get(`0x${contract.toString(16).padStart(40, "0")}`);
  if (precompile?.run(input) === undefined) throw new Error(`${name} fails`);
  const gas = precompile.gas(input);
  runFor(measureMs / 4, () => precompile.run(input));
  const { count, cpuMs } = runFor(measureMs, () => {
    precompile.gas(input);
    precompile.run(input);
  });
  return { name, opsPerSecond: (count * 1000) / cpuMs, gas, mgasPerSecond: (count * gas) / cpuMs / 1000 };
}

/** Repeats the work for a time by the clock and tells how much of it the process computed: others may use the machine. */
function runFor(wallMs: number, work: () => void): { count: number; cpuMs: number } {
  const before = process.cpuUsage();
  const until = performance.now() + wallMs;
  let count = 0;
  do {
    work();
    count += 1;
  } while (performance.now() < until);
  const { user, system } = process.cpuUsage(before);
  return { count, cpuMs: (user + system) / 1000 };
}

const rows = cases.map(measure);
if (parseArgs({ options: { json: { type: "boolean" } } }).values.json === true) {
  process.stdout.write(`${JSON.stringify({ cpu: cpus()[0]?.model, node: process.version, rows })}\n`);
} else {
  process.stdout.write(`${cpus().length} x ${cpus()[0]?.model}, Node ${process.version}, per second of CPU time\n`);
  process.stdout.write(`${"case".padEnd(42)}${"ops/s".padStart(12)}${"gas".padStart(12)}${"Mgas/s".padStart(10)}\n`);
  for (const { name, opsPerSecond, gas, mgasPerSecond } of rows) {
    const [ops, mgas] = [opsPerSecond.toFixed(0), mgasPerSecond.toFixed(1)];
    process.stdout.write(`${name.padEnd(42)}${ops.padStart(12)}${String(gas).padStart(12)}${mgas.padStart(10)}\n`);
  }
}
