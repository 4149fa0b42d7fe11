import { DomainError } from "@koinon/errors/domain-error";

export type TargetFault = { code: "PLAINTEXT_REFUSED"; address: string };

/** An address that may not be used in the way it was asked for. */
export class TargetError extends DomainError<TargetFault> {}

/** Plaintext is for unix sockets, whose file permissions tell who may connect, and for loopback when asked for explicitly. */
export function assertPlaintextAllowed(address: string, loopbackAllowed: boolean): void {
  if (address.startsWith("unix:")) return;
  const host = address.slice(0, address.lastIndexOf(":")).replace(/^dns:(\/\/\/)?/, "");
  const isLoopback = /^127(\.\d{1,3}){3}$/.test(host) || host === "[::1]" || host === "localhost";
  if (!isLoopback || !loopbackAllowed) throw new TargetError({ code: "PLAINTEXT_REFUSED", address });
}
