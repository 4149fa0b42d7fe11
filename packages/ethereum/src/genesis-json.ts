import { EthereumError } from "./fault.ts";

/** A JSON object whose members are read one by one, so that every complaint names its place (`config.chainId`). */
export class GenesisObject {
  readonly path: string;
  private readonly members: Readonly<Record<string, unknown>>;

  constructor(path: string, value: unknown) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw malformed(path, "not an object");
    }
    this.path = path;
    this.members = value as Record<string, unknown>;
  }

  names(): string[] {
    return Object.keys(this.members);
  }

  has(name: string): boolean {
    return this.members[name] !== undefined && this.members[name] !== null;
  }

  object(name: string): GenesisObject {
    return new GenesisObject(this.pathOf(name), this.members[name]);
  }

  boolean(name: string): boolean {
    const value = this.members[name];
    if (typeof value !== "boolean") throw malformed(this.pathOf(name), "not a boolean");
    return value;
  }

  text(name: string): string {
    const value = this.members[name];
    if (typeof value !== "string") throw malformed(this.pathOf(name), "not text");
    return value;
  }

  /** A number, decimal text or hex text of at most `bits` bits; `fallback` when absent. */
  integer(name: string, bits: 64 | 256, fallback?: bigint): bigint {
    if (!this.has(name) && fallback !== undefined) return fallback;
    const value = parseInteger(this.members[name]);
    if (value === undefined) throw malformed(this.pathOf(name), "not an exact integer");
    if (value >= 1n << BigInt(bits)) throw malformed(this.pathOf(name), `more than ${bits} bits`);
    return value;
  }

  /** Hex of any length, lower-cased; `fallback` when absent. */
  hex(name: string, fallback: `0x${string}`): `0x${string}` {
    if (!this.has(name)) return fallback;
    const value = this.members[name];
    if (typeof value !== "string" || !/^0x([0-9a-f]{2})*$/i.test(value)) throw malformed(this.pathOf(name), "not hex");
    return value.toLowerCase() as `0x${string}`;
  }

  /** Hex of exactly this many bytes, lower-cased; zero when absent. */
  fixedHex(name: string, bytes: number): `0x${string}` {
    const value = this.hex(name, `0x${"00".repeat(bytes)}`);
    if (value.length !== 2 + 2 * bytes) throw malformed(this.pathOf(name), `not ${bytes} bytes`);
    return value;
  }

  private pathOf(name: string): string {
    return this.path === "" ? name : `${this.path}.${name}`;
  }
}

/** An error about what a genesis file says. */
export function malformed(path: string, reason: string): EthereumError {
  return new EthereumError({ code: "GENESIS_MALFORMED", path, reason });
}

function parseInteger(value: unknown): bigint | undefined {
  // A JSON number that is not exact any more would be another balance than the file's.
  if (typeof value === "number") return Number.isSafeInteger(value) && value >= 0 ? BigInt(value) : undefined;
  if (typeof value !== "string" || !/^(0x[0-9a-f]+|[0-9]+)$/i.test(value)) return undefined;
  return BigInt(value);
}
