import type { NatsAccess } from "@koinon/bus/nats-access";
import type { HostConfig } from "./host-config.ts";
import { togetherOrNot } from "./together-or-not.ts";

/** How the settings make NATS know this process; complete when `natsSettingsProblems` has none. */
export function natsAccessOf(config: HostConfig): NatsAccess {
  const { natsUser, natsPassword, natsCredentials, natsCaFile, natsCertificateFile, natsKeyFile } = config;
  const tls = {
    ...(natsCaFile === undefined ? {} : { caFile: natsCaFile }),
    ...(natsCertificateFile === undefined ? {} : { certificateFile: natsCertificateFile }),
    ...(natsKeyFile === undefined ? {} : { keyFile: natsKeyFile }),
  };
  return {
    ...(natsUser === undefined || natsPassword === undefined
      ? {}
      : { user: { name: natsUser, password: natsPassword.reveal() } }),
    ...(natsCredentials === undefined ? {} : { credentials: natsCredentials.reveal() }),
    ...(Object.keys(tls).length === 0 ? {} : { tls }),
  };
}

/** Problems of settings for NATS that do not go together. */
export function natsSettingsProblems(config: HostConfig): readonly string[] {
  const { natsUser, natsPassword, natsCredentials, natsCertificateFile, natsKeyFile } = config;
  const problems = [
    ...togetherOrNot({ NATS_USER: natsUser, NATS_PASSWORD: natsPassword }),
    ...togetherOrNot({ NATS_TLS_CERTIFICATE_FILE: natsCertificateFile, NATS_TLS_KEY_FILE: natsKeyFile }),
  ];
  if (natsUser !== undefined && natsCredentials !== undefined) problems.push("NATS_USER and NATS_CREDS are both set");
  return problems;
}
