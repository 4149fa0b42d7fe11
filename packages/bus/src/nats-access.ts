import { credsAuthenticator, type NodeConnectionOptions, nkeyAuthenticator } from "@nats-io/transport-node";
import { BusError } from "./bus-error.ts";

/** How NATS knows a process, and the process NATS. */
export interface NatsAccess {
  readonly user?: { readonly name: string; readonly password: string };
  /** A credentials file's text (JWT and seed), or a user's seed (`SU…`) alone. */
  readonly credentials?: string;
  /** Files are read anew for each connection. Absent, the connection is encrypted only where the server asks for it. */
  readonly tls?: {
    /** PEM certificates of the authority that the server's certificate comes from; the system's when absent. */
    readonly caFile?: string;
    readonly certificateFile?: string;
    readonly keyFile?: string;
  };
}

/** The access in the form of the NATS client; throws BusError CREDENTIALS_INVALID. */
export function connectionOptionsOf(
  access: NatsAccess,
): Pick<NodeConnectionOptions, "user" | "pass" | "authenticator" | "tls"> {
  const { user, credentials, tls } = access;
  return {
    ...(user === undefined ? {} : { user: user.name, pass: user.password }),
    ...(credentials === undefined ? {} : { authenticator: authenticatorOf(credentials) }),
    ...(tls === undefined ? {} : { tls: tlsOptionsOf(tls) }),
  };
}

function authenticatorOf(credentials: string): NonNullable<NodeConnectionOptions["authenticator"]> {
  const text = credentials.trim();
  // Seeds of users begin so (https://docs.nats.io/running-a-nats-service/configuration/securing_nats/auth_intro/nkey_auth).
  const encoder = new TextEncoder();
  const authenticator = text.startsWith("SU")
    ? nkeyAuthenticator(encoder.encode(text))
    : // The client looks for the end of the last line.
      credsAuthenticator(encoder.encode(`${text}\n`));
  try {
    authenticator("any");
  } catch {
    // The library's own error is left out: it may hold what it could not read.
    throw new BusError({ code: "CREDENTIALS_INVALID", reason: "neither a credentials file nor a user's seed" });
  }
  return authenticator;
}

function tlsOptionsOf({ caFile, certificateFile, keyFile }: NonNullable<NatsAccess["tls"]>) {
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certificateFile === undefined ? {} : { certFile: certificateFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
}
