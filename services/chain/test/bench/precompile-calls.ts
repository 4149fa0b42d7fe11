import { parseArgs } from "node:util";
import type { Fork } from "@koinon/ethereum/fork";
import { precompiles } from "@koinon/precompiles/precompiles";
import { hexToBytes } from "@koinon/secp256k1/hex";

// How long one call of a precompiled contract can keep a call thread, which nothing interrupts:
// node --no-warnings test/bench/precompile-calls.ts [--gas 50000000] [--fork osaka]. Inputs repeat a valid item as often as the gas
// pays for; memory that holds the input is paid for too, which bounds it to five mebibytes for 50 million.

const { values } = parseArgs({
  options: { gas: { type: "string", default: "50000000" }, fork: { type: "string", default: "osaka" } },
});
const gasMax = Number(values.gas);
const table = precompiles(values.fork as Fork);
/** Gas of memory is 3 a word and a 512th of the square (yellow paper, equation 324). */
const inputBytesMax = 32 * Math.floor((Math.sqrt(9 + gasMax / 128) - 3) * 256);

const word = (value: number | bigint): string => value.toString(16).padStart(64, "0");
const filled = "f".repeat(64);
const g1 = word(1) + word(2);
const g2 =
  "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c21800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed" +
  "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa";
const field = (hex: string): string => hex.padStart(128, "0");
const blsG1 =
  field("17f1d3a73197d7942695638c4fa9ac0fc3688c4f9774b905a14e3a3f171bac586c55e83ff97a1aeffb3af00adb22c6bb") +
  field("08b3f481e3aaa0f1a09e30ed741d8ae4fcf5e095d5d00af600db18cb2c04b3edd03cc744a2888ae40caa232946c5e7e1");
const blsG2 =
  field("024aa2b2f08f0a91260805272dc51051c6e47ad4fa403b02b4510b647ae3d1770bac0326a805bbefd48056c8c121bdb8") +
  field("13e02b6052719f607dacd3a088274f65596bd0d09920b61ab5da61bbdc7f5049334cf11213945d57e5ac7d055d042b7e") +
  field("0ce5d527727d6e118cc9cdc6da2e351aadfd9baa8cbdd3a76d429a695160d12c923ac9cc3baca289e193548608b82801") +
  field("0606c4a02ea734cc32acd2b02bc28b99cb3e287e85a763af267492ab572e99ab3f370d275cec1da1aaa9075ff05f79be");

/** Input of a contract, `count` times its item; */
type Input = (count: number) => string;
const modexp =
  (size: number): Input =>
  (count) => {
    // EIP-7823.
    const exponentBytes = values.fork === "osaka" ? Math.min(count, 1_024) : count;
    return word(size) + word(exponentBytes) + word(size) + "ff".repeat(size + exponentBytes + size);
  };
const inputs: readonly (readonly [name: string, address: number, input: Input])[] = [
  ["SHA-256", 0x02, (count) => "00".repeat(count)],
  ["RIPEMD-160", 0x03, (count) => "00".repeat(count)],
  ["identity", 0x04, (count) => "00".repeat(count)],
  ...[8, 32, 64, 256, 512, 1_024].map((size) => [`modular power, ${size} bytes`, 0x05, modexp(size)] as const),
  ["bn254 pairing", 0x08, (count) => (g1 + g2).repeat(count)],
  ["BLAKE2b", 0x09, (count) => count.toString(16).padStart(8, "0") + "00".repeat(209)],
  ["BLS12-381 multiplication in G1", 0x0c, (count) => (blsG1 + filled).repeat(count)],
  ["BLS12-381 multiplication in G2", 0x0e, (count) => (blsG2 + filled).repeat(count)],
  ["BLS12-381 pairing", 0x0f, (count) => (blsG1 + blsG2).repeat(count)],
];

for (const [name, address, input] of inputs) {
  const contract = table.get(`0x${address.toString(16).padStart(40, "0")}`);
  if (contract === undefined) continue;
  const bytes = (count: number): Uint8Array => hexToBytes(`0x${input(count)}`);
  const isPaid = (count: number): boolean =>
    input(count).length <= 2 * inputBytesMax && contract.gas(bytes(count)) <= gasMax;
  const most = bytes(largest(isPaid));
  const began = performance.now();
  const output = contract.run(most);
  const tookMs = performance.now() - began;
  const facts = [name.padEnd(34), `${contract.gas(most)} gas`.padStart(16), `${most.length} bytes`.padStart(16)];
  process.stdout.write(`${facts.join("")}${`${tookMs.toFixed(0)} ms`.padStart(10)}${output ? "" : "  failed"}\n`);
}

/** The largest count that passes, by doubling and halving. */
function largest(passes: (count: number) => boolean): number {
  let low = 1;
  let high = 2;
  while (high < 2 ** 32 && passes(high)) [low, high] = [high, 2 * high];
  while (low + 1 < high) {
    const middle = Math.floor((low + high) / 2);
    if (passes(middle)) low = middle;
    else high = middle;
  }
  return low;
}
