import { cpus, totalmem, type } from "node:os";
import { createSigner, implementation, recoverAddress } from "@koinon/secp256k1/ecdsa";

/** What the figures were taken on. */
export interface Hardware {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
  readonly system: string;
  readonly node: string;
  /** A read of memory whose place only the one before tells, over 128 MiB, ns: what busy neighbours of a virtual machine change most. */
  readonly memoryReadNs: number;
  /** Which library recovers signers (see @koinon/secp256k1), and how many one core does in a second. */
  readonly curve: string;
  readonly recoveriesPerSecond: number;
}

/** The machine this process runs on, and how fast it is at this moment; takes about a second. */
export function describeHardware(): Hardware {
  const processors = cpus();
  return {
    cpu: processors[0]?.model.trim() ?? "unknown",
    cores: processors.length,
    memoryBytes: totalmem(),
    system: `${type()} ${process.arch}`,
    node: process.version,
    memoryReadNs: timeMemoryRead(),
    curve: implementation,
    recoveriesPerSecond: countRecoveries(),
  };
}

/** A chain through all cache lines, in an order that a linear congruential generator of full period gives (Hull and Dobell). */
function timeMemoryRead(): number {
  const [lines, wordsPerLine, reads] = [2 ** 21, 16, 1_000_000];
  const words = new Int32Array(lines * wordsPerLine);
  for (let line = 0; line < lines; line += 1) {
    words[line * wordsPerLine] = ((Math.imul(line, 1_664_525) + 1_013_904_223) & (lines - 1)) * wordsPerLine;
  }
  let place = 0;
  const read = () => {
    for (let count = 0; count < reads; count += 1) place = words[place] as number;
  };
  read();
  const started = performance.now();
  read();
  return ((performance.now() - started) * 1e6) / reads;
}

function countRecoveries(): number {
  const signer = createSigner(new Uint8Array(32).fill(1));
  const digest = new Uint8Array(32).fill(2);
  const signature = signer.sign(digest);
  const count = 2_000;
  const recover = () => {
    for (let done = 0; done < count; done += 1) recoverAddress(digest, signature);
  };
  recover();
  const started = performance.now();
  recover();
  return count / ((performance.now() - started) / 1_000);
}
