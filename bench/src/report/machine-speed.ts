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
  read();
  const started = performance.now();
  read();
  return ((performance.now() - started) * 1e6) / reads;
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
  recover();
  const started = performance.now();
  recover();
  return count / ((performance.now() - started) / 1_000);
}
