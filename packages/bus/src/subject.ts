import { BusError } from "./bus-error.ts";

const token = /^[A-Za-z0-9_-]+$/;
const payloadBytesMax = 512 * 1024;

/** True when a subject falls under a filter with `*` and a last `>`. */
export function matches(filter: string, subject: string): boolean {
  const wanted = filter.split(".");
  const given = subject.split(".");
  for (const [index, part] of wanted.entries()) {
    if (part === ">") return given.length > index;
    if (given[index] === undefined || (part !== "*" && part !== given[index])) return false;
  }
  return wanted.length === given.length;
}

/** Checks what is published: a plain subject and a bounded payload. */
export function assertPublishable(subject: string, payload: Uint8Array): void {
  if (!isSubject(subject, false)) throw new BusError({ code: "SUBJECT_INVALID", subject });
  if (payload.length > payloadBytesMax) {
    throw new BusError({ code: "EVENT_TOO_LARGE", sizeBytes: payload.length, limitBytes: payloadBytesMax });
  }
}

/** Checks what is consumed: a filter within one domain and a name that NATS takes. */
export function assertConsumable(subject: string, durable: string): void {
  if (!isSubject(subject, true)) throw new BusError({ code: "SUBJECT_INVALID", subject });
  if (!token.test(durable)) throw new BusError({ code: "DURABLE_INVALID", durable });
}

/** `koinon.compute.v1.…` and the dead letters of its consumers, `koinon-dlq.compute.…`, belong to the domain `compute`. */
export function domainOf(subject: string): string {
  return subject.split(".")[1] ?? "";
}

/** Subject of the dead letters of one consumer. */
export function deadLetterSubject(filter: string, durable: string): string {
  return `koinon-dlq.${domainOf(filter)}.${durable}`;
}

/** True for a subject that carries dead letters; these are not dead-lettered again. */
export function isDeadLetterSubject(subject: string): boolean {
  return subject.startsWith("koinon-dlq.");
}

function isSubject(subject: string, filter: boolean): boolean {
  const parts = subject.split(".");
  const [root, domain, ...rest] = parts;
  if ((root !== "koinon" && root !== "koinon-dlq") || domain === undefined || !token.test(domain)) return false;
  if (rest.length === 0 || subject.length > 255) return false;
  return rest.every((part, index) => {
    if (filter && part === "*") return true;
    if (filter && part === ">") return index === rest.length - 1;
    return token.test(part);
  });
}
