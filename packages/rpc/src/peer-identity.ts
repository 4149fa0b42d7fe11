import type { PeerCertificate } from "node:tls";

const trustDomain = "spiffe://koinon/";

/** The services that a certificate names in its URI SANs `spiffe://koinon/<service>`; empty when it names none. */
export function servicesOfCertificate(certificate: Pick<PeerCertificate, "subjectaltname">): readonly string[] {
  const services: string[] = [];
  for (const entry of (certificate.subjectaltname ?? "").split(", ")) {
    // Node quotes an entry that holds a separator; such a name is none of ours.
    if (!entry.startsWith(`URI:${trustDomain}`)) continue;
    const service = entry.slice(`URI:${trustDomain}`.length);
    if (/^[a-z][a-z0-9-]*$/.test(service)) services.push(service);
  }
  return services;
}

/** The services that the peer of a verified TLS connection is. */
export function peerServices(context: { sslPeerCertificate?: PeerCertificate }): readonly string[] {
  return context.sslPeerCertificate === undefined ? [] : servicesOfCertificate(context.sslPeerCertificate);
}

/** The URI SAN of a service. */
export function spiffeId(service: string): string {
  return `${trustDomain}${service}`;
}
