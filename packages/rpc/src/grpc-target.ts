import { DomainError } from "@koinon/errors/domain-error";

type TargetFault = { code: "PLAINTEXT_REFUSED"; address: string };

/** An address that may not be used in the way it was asked for. */
class TargetError extends DomainError<TargetFault> {}

/** Plaintext is for unix sockets, whose file permissions tell who may connect, and for loopback when asked for explicitly. */
export function assertPlaintextAllowed(address: string, loopbackAllowed: boolean): void {
  if (address.startsWith("unix:")) return;
  const hosts = address.replace(/^(?:dns|ipv4|ipv6):\/*/, "").split(",");
  if (!loopbackAllowed || !hosts.every(isLoopback)) throw new TargetError({ code: "PLAINTEXT_REFUSED", address });
}

function isLoopback(hostAndPort: string): boolean {
  const host = hostAndPort.slice(0, hostAndPort.lastIndexOf(":"));
  return /^127(\.\d{1,3}){3}$/.test(host) || host === "[::1]" || host === "localhost";
}
