/**
 * How batches travel between threads: one transferable buffer each way. Request: per transaction a big-endian length and the
 * bytes. Answer: per transaction a status byte, the hash, the sender and the number of its EIP-7702 authorizations; then for each of
 * these a byte that says whether its signature is valid, and the authority. Hash and addresses are text, since that is what the calling
 * thread wants of them. Fields are not in it: the calling thread decodes what it needs, for about what reading them here would cost it.
 */

/** What a worker found out about a transaction. */
export const packedStatus = { recovered: 0, undecodable: 1, highS: 2, noSigner: 3 } as const;

/** Where the parts of an answer about a transaction are. */
export const answerLayout = { hash: 1, sender: 67, authorizations: 109, size: 111 } as const;

/** Digits of a hash with "0x" in front. */
export const hashDigits = 66;

/** Digits of an address with "0x" in front. */
export const addressDigits = 42;

/** Bytes of an answer per authorization. */
export const authorityBytes = 1 + addressDigits;

const lengthBytes = 4;

/** Bytes that a transaction takes in a request. */
export function packedSize(raw: Uint8Array): number {
  return lengthBytes + raw.length;
}

/** Packs transactions into a buffer of their own. */
export function packTransactions(raws: readonly Uint8Array[]): ArrayBuffer {
  let size = 0;
  for (const raw of raws) size += packedSize(raw);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const raw of raws) {
    view.setUint32(offset, raw.length);
    bytes.set(raw, offset + lengthBytes);
    offset += packedSize(raw);
  }
  return bytes.buffer;
}

/** The transactions of a request, as views. */
export function unpackTransactions(buffer: ArrayBuffer): Uint8Array[] {
  const view = new DataView(buffer);
  const raws: Uint8Array[] = [];
  for (let offset = 0; offset < buffer.byteLength; ) {
    const raw = new Uint8Array(buffer, offset + lengthBytes, view.getUint32(offset));
    raws.push(raw);
    offset += packedSize(raw);
  }
  return raws;
}
