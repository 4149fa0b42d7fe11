import { op, type } from "./instructions.ts";
import { unsigned } from "./leb128.ts";

/** A routine to assemble: it takes 32-bit integers and returns nothing. */
export interface RoutineSource {
  /** How many parameters it has; they are its first locals. */
  readonly parameters: number;
  /** Its other locals: how many of each type, in order. */
  readonly locals: readonly (readonly [count: number, type: number])[];
  /** Instructions, without the `end` of the routine. */
  readonly body: readonly number[];
}

/** A compiled routine, and the 64 KiB that it works on, which are zero. */
export interface Routine {
  readonly memory: ArrayBuffer;
  readonly run: (...parameters: number[]) => void;
}

// The types of Node leave out this global, which it has.
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: unknown };
};

/** Compiles a routine; throws WebAssembly's CompileError for code that is not valid. */
export function compileRoutine(source: RoutineSource): Routine {
  const instance = new WebAssembly.Instance(new WebAssembly.Module(assemble(source)));
  const { memory, run } = instance.exports as { memory: { buffer: ArrayBuffer }; run: Routine["run"] };
  return { memory: memory.buffer, run };
}

/** A module (section 5.5) of one page of memory and one function. */
function assemble({ parameters, locals, body }: RoutineSource): Uint8Array<ArrayBuffer> {
  const code = [...vector(locals.map(([count, of]) => [...unsigned(count), of])), ...body, op.end];
  const signature = [0x60, ...vector(Array.from({ length: parameters }, () => [type.i32])), ...vector([])];
  const exports = vector([
    [...text("memory"), 0x02, 0],
    [...text("run"), 0x00, 0],
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0], // "\0asm", version 1
    ...section(1, vector([signature])),
    ...section(3, vector([[0]])),
    ...section(5, vector([[0x01, 1, 1]])), // at least and at most one page
    ...section(7, exports),
    ...section(10, vector([[...unsigned(code.length), ...code]])),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(name: string): number[] {
  return vector([...name].map((letter) => [letter.charCodeAt(0)]));
}
