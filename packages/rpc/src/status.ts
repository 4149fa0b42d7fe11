/** gRPC status codes by name. */
export const statusCodes = {
  OK: 0,
  CANCELLED: 1,
  UNKNOWN: 2,
  INVALID_ARGUMENT: 3,
  DEADLINE_EXCEEDED: 4,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  OUT_OF_RANGE: 11,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;

/** The outcome of a call. */
export type Status = keyof typeof statusCodes;

/** The outcome of a call that failed. */
export type ErrorStatus = Exclude<Status, "OK">;

const namesByCode = new Map<number, ErrorStatus>();
for (const [name, code] of Object.entries(statusCodes)) {
  if (name !== "OK") namesByCode.set(code, name as ErrorStatus);
}

/** The name of a status code other than OK; UNKNOWN for a number that gRPC does not define. */
export function errorStatusFromCode(code: number): ErrorStatus {
  return namesByCode.get(code) ?? "UNKNOWN";
}
