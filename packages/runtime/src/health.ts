/** What a module says about itself, computed from its parts at the time of asking. */
export interface Health {
  readonly status: "serving" | "degraded" | "not-serving";
  readonly parts: readonly HealthPart[];
}

/** One thing a module depends on. */
export interface HealthPart {
  readonly name: string;
  readonly ok: boolean;
  readonly detail?: string;
}

/** Serving when every part is well; otherwise degraded when the named parts are all well, else not serving. */
export function healthOf(
  parts: readonly HealthPart[],
  essential: readonly string[] = parts.map((part) => part.name),
): Health {
  if (parts.every((part) => part.ok)) return { status: "serving", parts };
  const broken = parts.some((part) => !part.ok && essential.includes(part.name));
  return { status: broken ? "not-serving" : "degraded", parts };
}
