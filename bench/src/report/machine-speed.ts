import { createSigner, recoverAddress } from "@koinon/secp256k1/ecdsa";

/** Nanoseconds of a read along a chain through 128 MiB, in an order that a linear congruential generator of full period gives (Hull and Dobell). */
export function timeMemoryRead(): number {
  const [lines, wordsPerLine, reads] = [2 ** 21, 16, 1_000_000];
  const words = new Int32Array(lines * wordsPerLine);
  for (let line = 0; line < lines; line += 1) {
    words[line * wordsPerLine] = ((Math.imul(line, 1_664_525) + 1_013_904_223) & (lines - 1)) * wordsPerLine;
  }
  let place = 0;
  const read = () => {
    for (let count = 0; count < reads; count += 1) place = words[place] as number;
  };
  return (warmSeconds(read) * 1e9) / reads;
}

/** How often one core recovers a signer in a second. */
export function countRecoveries(): number {
  const signer = createSigner(new Uint8Array(32).fill(1));
  const digest = new Uint8Array(32).fill(2);
  const signature = signer.sign(digest);
  const count = 2_000;
  const recover = () => {
    for (let done = 0; done < count; done += 1) recoverAddress(digest, signature);
  };
  return count / warmSeconds(recover);
}

/** How long it takes when it was done once before. */
function warmSeconds(work: () => void): number {
  work();
  const started = performance.now();
  work();
  return (performance.now() - started) / 1_000;
}
