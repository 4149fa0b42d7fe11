import { defaultPrefix, prefixPattern } from "@koinon/bus/network-names";
import { z } from "zod";
import { type ConfigDeclaration, type ConfigOf, declareConfig, secretSetting, setting } from "./config.ts";
import { flag, integer, list, optionalText, text } from "./config-schemas.ts";
import { logLevels } from "./logger.ts";
import type { Requirement } from "./module.ts";

/** What every process can be told, whatever modules it runs. */
export const hostConfig = declareConfig({
  listen: setting({
    env: "RPC_LISTEN",
    schema: list(),
    default: "",
    description:
      "Addresses to serve gRPC on, comma separated: `host:port` (mutual TLS) or `unix:/path`; none when empty.",
  }),
  adminListen: setting({
    env: "ADMIN_LISTEN",
    schema: optionalText(),
    description: "Address of `/livez`, `/readyz` and `/metrics`, `host:port`; off when empty.",
  }),
  logLevel: setting({
    env: "LOG_LEVEL",
    schema: z.enum(logLevels),
    default: "info",
    description: "Least severe level that is logged.",
  }),
  certificateFile: setting({
    env: "TLS_CERTIFICATE_FILE",
    schema: optionalText(),
    description:
      "PEM certificate chain of this process, naming its services as `spiffe://koinon/<service>`; read again when it changes.",
  }),
  keyFile: setting({
    env: "TLS_KEY_FILE",
    schema: optionalText(),
    description: "PEM private key of the certificate.",
  }),
  caFile: setting({
    env: "TLS_CA_FILE",
    schema: optionalText(),
    description: "PEM certificates of the authority that signs Koinon's services.",
  }),
  plaintextLoopback: setting({
    env: "RPC_PLAINTEXT_LOOPBACK",
    schema: flag(),
    default: "false",
    description: "For development: speak plaintext on loopback addresses and believe callers what they say.",
  }),
  connectionAgeMs: setting({
    env: "RPC_CONNECTION_AGE_MS",
    schema: integer({ min: 1_000, max: 86_400_000 }),
    default: "600000",
    description:
      "Milliseconds after which a gRPC server asks a caller to connect anew, so that callers find new replicas; calls under way go on.",
  }),
  otlpEndpoint: setting({
    env: "OTEL_EXPORTER_OTLP_ENDPOINT",
    schema: z.url().optional(),
    description: "OTLP/HTTP collector for traces; no tracing when empty.",
  }),
  natsUrl: setting({
    env: "NATS_URL",
    schema: list(),
    default: "",
    description: "NATS servers for events, comma separated; events stay in the process when empty.",
  }),
  natsUser: setting({
    env: "NATS_USER",
    schema: optionalText(),
    description: "User that the NATS servers know; with NATS_PASSWORD, or not at all.",
  }),
  natsPassword: secretSetting({
    env: "NATS_PASSWORD",
    schema: optionalText(),
    description: "Password of NATS_USER.",
  }),
  natsCredentials: secretSetting({
    env: "NATS_CREDS",
    schema: optionalText(),
    description:
      "Text of a NATS credentials file (JWT and seed), or a user's seed (`SU…`) alone; instead of NATS_USER. Usually by NATS_CREDS_FILE.",
  }),
  natsCaFile: setting({
    env: "NATS_TLS_CA_FILE",
    schema: optionalText(),
    description:
      "PEM certificates of the authority that the NATS servers' certificates come from; encrypts the connection, as `tls://` in NATS_URL does with the system's authorities.",
  }),
  natsCertificateFile: setting({
    env: "NATS_TLS_CERTIFICATE_FILE",
    schema: optionalText(),
    description: "PEM certificate that this process shows to NATS; read anew for each connection.",
  }),
  natsKeyFile: setting({
    env: "NATS_TLS_KEY_FILE",
    schema: optionalText(),
    description: "PEM private key of that certificate.",
  }),
  natsPrefix: setting({
    env: "NATS_PREFIX",
    schema: z
      .string()
      .regex(prefixPattern, "is not up to 32 lower-case letters, digits and single hyphens, or ends in -dlq"),
    default: defaultPrefix,
    description:
      "First word of the network's streams and subjects in NATS; the same in all its processes, and another where networks share a server.",
  }),
  natsReplicas: setting({
    env: "NATS_REPLICAS",
    schema: integer({ min: 1, max: 5 }),
    default: "1",
    description:
      "Copies of each event that a NATS cluster keeps; 3 where one of three members may be lost without a pause.",
  }),
  shutdownDelayMs: setting({
    env: "SHUTDOWN_DELAY_MS",
    schema: integer({ min: 0, max: 120_000 }),
    default: "0",
    description: "Milliseconds between turning not ready and refusing work, for balancers to notice.",
  }),
  shutdownDrainMs: setting({
    env: "SHUTDOWN_DRAIN_MS",
    schema: integer({ min: 0, max: 600_000 }),
    default: "20000",
    description: "Milliseconds that running calls get to finish before they are cut short.",
  }),
});

export type HostConfig = ConfigOf<typeof hostConfig>;

/** The environment key of a service's address. */
export function addressKey(service: string): string {
  return `${service.toUpperCase().replaceAll("-", "_")}_ADDRESS`;
}

/** The address settings that follow from requirements, one per service. */
export function addressConfig(
  requires: readonly Requirement[],
): ConfigDeclaration<Readonly<Record<string, string | undefined>>> {
  const services = [...new Set(requires.map((requirement) => requirement.from))];
  return declareConfig(
    Object.fromEntries(
      services.map((service) => [
        service,
        setting({
          env: addressKey(service),
          schema: text().optional(),
          description: `Address of the ${service} service, \`host:port\` or \`unix:/path\`; a module of the same process serves when empty.`,
        }),
      ]),
    ),
  );
}
