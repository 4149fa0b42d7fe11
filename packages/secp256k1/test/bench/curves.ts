// Signatures and recoveries per second of CPU time of each curve that is here: node --no-warnings test/bench/curves.ts
import { cpus } from "node:os";
import { createEcdsa } from "../../src/ecdsa.ts";
import { keccak256, keccak256InPlace } from "../../src/keccak-node.ts";
import { candidates } from "../curves.ts";

const measureMs = 1_000;

/** How often a second of this thread's CPU time has room for it: other work on the machine does not count. */
function perSecond(operation: (round: number) => void): number {
  for (let round = 0; round < 20; round++) operation(round);
  const [start, deadline] = [process.cpuUsage(), performance.now() + measureMs];
  let rounds = 0;
  while (performance.now() < deadline) operation(rounds++);
  const { user, system } = process.cpuUsage(start);
  return Math.round((rounds * 1e6) / (user + system));
}

process.stdout.write(
  `${cpus()[0]?.model}, Node ${process.version}\n${"".padEnd(10)}${"sign/s".padStart(10)}${"recover/s".padStart(12)}\n`,
);
for (const { name, curve, missing } of candidates) {
  if (curve === undefined) {
    process.stdout.write(`${name.padEnd(10)}      none: ${missing}\n`);
    continue;
  }
  const { createSigner, recoverAddress } = createEcdsa({ curve, keccak256InPlace });
  const signer = createSigner(keccak256(Uint8Array.of(1)));
  const work = Array.from({ length: 64 }, (_, index) => {
    const digest = keccak256(Uint8Array.of(2, index));
    return { digest, signature: signer.sign(digest) };
  });
  const at = (round: number): (typeof work)[number] => work[round % work.length] as (typeof work)[number];
  const sign = perSecond((round) => signer.sign(at(round).digest));
  const recover = perSecond((round) => recoverAddress(at(round).digest, at(round).signature));
  process.stdout.write(`${name.padEnd(10)}${String(sign).padStart(10)}${String(recover).padStart(12)}\n`);
}
