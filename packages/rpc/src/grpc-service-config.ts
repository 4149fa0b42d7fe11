import type { ServiceDefinition } from "./definition.ts";

/**
 * The service config of a channel as JSON: spread over all addresses, and retry UNAVAILABLE (AIP-194) for the unary methods whose
 * proto declares an idempotency level.
 */
export function serviceConfig(definitions: readonly ServiceDefinition[]): string {
  const name = definitions.flatMap((definition) =>
    Object.values(definition.methods)
      .filter((method) => method.options.idempotencyLevel !== undefined)
      .filter((method) => !method.requestStream && !method.responseStream)
      .map((method) => ({ service: definition.fullName, method: method.name })),
  );
  const retryPolicy = {
    maxAttempts: 3,
    initialBackoff: "0.05s",
    maxBackoff: "1s",
    backoffMultiplier: 2,
    retryableStatusCodes: ["UNAVAILABLE"],
  };
  return JSON.stringify({
    loadBalancingConfig: [{ round_robin: {} }],
    methodConfig: name.length === 0 ? [] : [{ name, retryPolicy }],
  });
}
