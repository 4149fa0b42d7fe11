import { bytesToHex } from "@koinon/secp256k1/hex";
import type { EnterEvent, Tracer } from "../tracer.ts";

const calls: ReadonlySet<string> = new Set(["CALL", "CALLCODE", "DELEGATECALL", "STATICCALL"]);

/** Counts which functions were called, by selector and size of the arguments, in the form of geth's 4byteTracer. */
export class FourByteTracer implements Tracer {
  private readonly counts = new Map<string, number>();

  enter({ kind, input, isPrecompile }: EnterEvent): void {
    if (!calls.has(kind) || isPrecompile || input.length < 4) return;
    const key = `${bytesToHex(input.subarray(0, 4))}-${input.length - 4}`;
    this.counts.set(key, (this.counts.get(key) ?? 0) + 1);
  }

  /** Counts by "selector-size". */
  result(): Record<string, number> {
    return Object.fromEntries(this.counts);
  }
}
