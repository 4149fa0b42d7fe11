import { type ChannelCredentials, credentials as channelCredentials, experimental } from "@grpc/grpc-js";
import type { CertificateSource, Identity } from "./certificate-files.ts";
import { servicesOfCertificate } from "./peer-identity.ts";

/** How a client knows its server, and is known by it. */
export type ChannelSecurity =
  /** Mutual TLS: the server's certificate must name this service. */
  | { readonly kind: "mtls"; readonly certificates: CertificateSource; readonly server: string }
  /** No encryption: unix sockets, or loopback when a development set-up asks for it. `caller` is the name to give. */
  | { readonly kind: "plaintext"; readonly caller: string; readonly loopback?: boolean };

/** A certificate source in the shape that grpc-js takes. */
class SourceProvider implements experimental.CertificateProvider {
  private readonly source: CertificateSource;
  private readonly unsubscribers = new Map<unknown, () => void>();

  constructor(source: CertificateSource) {
    this.source = source;
  }

  addCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.add(listener);
  }

  removeCaCertificateListener(listener: experimental.CaCertificateUpdateListener): void {
    this.remove(listener);
  }

  addIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.add(listener);
  }

  removeIdentityCertificateListener(listener: experimental.IdentityCertificateUpdateListener): void {
    this.remove(listener);
  }

  private add(listener: (identity: Identity) => void): void {
    this.unsubscribers.set(listener, this.source.subscribe(listener));
    // grpc-js registers itself as a listener before it can take an update.
    queueMicrotask(() => listener(this.source.current));
  }

  private remove(listener: unknown): void {
    this.unsubscribers.get(listener)?.();
    this.unsubscribers.delete(listener);
  }
}

/** The credentials of a channel; each connection is made with the identity that is current then. */
export function credentialsOf(security: ChannelSecurity): ChannelCredentials {
  if (security.kind === "plaintext") return channelCredentials.createInsecure();
  const provider = new SourceProvider(security.certificates);
  return experimental.createCertificateProviderChannelCredentials(provider, provider, {
    // The CA is Koinon's own, so what counts is the service a certificate names, not the host name it was reached by.
    checkServerIdentity: (_host, certificate) =>
      servicesOfCertificate(certificate).includes(security.server)
        ? undefined
        : new Error(`the server's certificate does not name ${security.server}`),
  });
}
