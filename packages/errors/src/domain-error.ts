/** A fault: a stable code and the typed facts that belong to it. */
export interface Fault {
  readonly code: string;
}

type FactValue = string | number | bigint | boolean | null | undefined;

/**
 * The one error class that domains throw. Subclass it per domain with a union of faults; callers switch on `fault.code`,
 * never on the message, which is derived for people.
 */
export class DomainError<F extends Fault = Fault> extends Error {
  readonly fault: F;

  constructor(fault: F, options?: { cause?: unknown }) {
    super(describeFault(fault), options);
    this.fault = fault;
    this.name = new.target.name;
  }

  get code(): F["code"] {
    return this.fault.code;
  }
}

/** True for a DomainError with the given code, whatever copy of the class made it. */
export function isFault(error: unknown, code: string): boolean {
  return error instanceof DomainError && error.fault.code === code;
}

/** The facts of a fault as strings, as they travel in `ErrorInfo.metadata` (AIP-193). The code itself is left out. */
export function faultFacts(fault: Fault): Record<string, string> {
  const facts: Record<string, string> = {};
  for (const [name, value] of Object.entries(fault) as [string, FactValue | object][]) {
    if (name === "code" || value === undefined) continue;
    facts[name] = typeof value === "object" && value !== null ? JSON.stringify(value) : String(value);
  }
  return facts;
}

function describeFault(fault: Fault): string {
  const facts = Object.entries(faultFacts(fault)).map(([name, value]) => `${name}=${value}`);
  return facts.length === 0 ? fault.code : `${fault.code} (${facts.join(", ")})`;
}
