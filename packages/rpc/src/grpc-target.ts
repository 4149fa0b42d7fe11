import { isIP } from "node:net";
import { DomainError } from "@koinon/errors/domain-error";

type TargetFault = { code: "PLAINTEXT_REFUSED"; address: string };

/** An address that may not be used in the way it was asked for. */
class TargetError extends DomainError<TargetFault> {}

/** Plaintext is for unix sockets, whose file permissions tell who may connect, and for loopback when asked for explicitly. */
export function assertPlaintextAllowed(address: string, loopbackAllowed: boolean): void {
  if (address.startsWith("unix:")) return;
  if (!loopbackAllowed || !hostsOf(address).every(isLoopback)) {
    throw new TargetError({ code: "PLAINTEXT_REFUSED", address });
  }
}

/** True for an address whose hosts are IP addresses, which are no server names in TLS (RFC 6066 section 3). */
export function isByIp(address: string): boolean {
  return hostsOf(address).every((host) => isIP(host.replace(/^\[(.*)\]$/, "$1")) !== 0);
}

/** Hosts of `host:port`, of a list of them, and of either behind the scheme of a resolver. */
function hostsOf(address: string): string[] {
  const parts = address.replace(/^(?:dns|ipv4|ipv6):\/*/, "").split(",");
  return parts.map((part) => (isIP(part) === 0 ? part.slice(0, part.lastIndexOf(":")) : part));
}

function isLoopback(host: string): boolean {
  return /^127(\.\d{1,3}){3}$/.test(host) || host === "[::1]" || host === "localhost";
}
