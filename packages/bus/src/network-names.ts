import { BusError } from "./bus-error.ts";
import { domainOf, isDeadLetterSubject } from "./subject.ts";

/** The first word of everything in NATS, unless a network has its own. */
export const defaultPrefix = "koinon";

/**
 * What may stand before a network's streams and subjects: up to 32 lower-case letters, digits and single `-`. `x-dlq` is where the
 * dead letters of `x` are.
 */
export const prefixPattern = /^(?=.{1,32}$)(?!.*-dlq$)[a-z0-9]+(-[a-z0-9]+)*$/;

/**
 * What a network's streams and subjects are called in NATS, so that several can share one server. Services know the names with
 * `koinon` alone; a durable's name belongs to its stream and needs no prefix.
 */
export class NetworkNames {
  readonly #prefix: string;

  /** Throws BusError PREFIX_INVALID. */
  constructor(prefix: string = defaultPrefix) {
    if (!prefixPattern.test(prefix)) throw new BusError({ code: "PREFIX_INVALID", prefix });
    this.#prefix = prefix;
  }

  /** The stream that keeps a subject: one per domain, and one for the domain's dead letters. */
  stream(subject: string): string {
    const name = `${this.#prefix}-${domainOf(subject)}`;
    return isDeadLetterSubject(subject) ? `${name}-dlq` : name;
  }

  /** A subject or filter of the services as NATS has it. */
  outward(subject: string): string {
    return `${this.#prefix}${subject.slice(defaultPrefix.length)}`;
  }

  /** A subject of NATS as the services have it. */
  inward(subject: string): string {
    return `${defaultPrefix}${subject.slice(this.#prefix.length)}`;
  }
}
