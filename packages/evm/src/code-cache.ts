import type { Hex } from "@koinon/secp256k1/hex";
import type { Opcode } from "./opcode-table.ts";
import { type DecodeOptions, DecodeTable, decodeProgram, type Program } from "./program.ts";

/** Decoded programs of one fork by code hash: bounded by the bytes of code, the least recently used going first. */
export class CodeCache {
  readonly empty: Program;
  private readonly table: DecodeTable;
  private readonly decoding: DecodeOptions;
  private readonly sizeBytesMax: number;
  private readonly programs = new Map<Hex, Program>();
  private sizeBytes = 0;

  constructor(options: {
    readonly opcodes: readonly (Opcode | undefined)[];
    readonly decoding: DecodeOptions;
    readonly sizeBytesMax: number;
  }) {
    this.table = new DecodeTable(options.opcodes);
    this.decoding = options.decoding;
    this.sizeBytesMax = options.sizeBytesMax;
    this.empty = this.decode(new Uint8Array(0));
  }

  /** Decodes code that is run once, such as init code. */
  decode(bytes: Uint8Array): Program {
    return decodeProgram(bytes, this.table, this.decoding);
  }

  /** The program with this code hash, decoded from `load` when it is not in the cache. */
  get(hash: Hex, load: () => Uint8Array): Program {
    const known = this.programs.get(hash);
    if (known !== undefined) {
      this.programs.delete(hash);
      this.programs.set(hash, known);
      return known;
    }
    const program = this.decode(load());
    this.programs.set(hash, program);
    this.sizeBytes += program.bytes.length;
    this.evict();
    return program;
  }

  private evict(): void {
    for (const [hash, program] of this.programs) {
      if (this.sizeBytes <= this.sizeBytesMax || this.programs.size === 1) return;
      this.programs.delete(hash);
      this.sizeBytes -= program.bytes.length;
    }
  }
}
