import { checkIdentity, expiryOf } from "@koinon/rpc/certificate-check";
import type { CertificateError } from "@koinon/rpc/certificate-error";
import {
  CertificateFiles,
  type CertificateFilesOptions,
  type CertificatePaths,
  type CertificateState,
} from "@koinon/rpc/certificate-files";
import type { ServiceDefinition } from "@koinon/rpc/definition";
import type { Meter } from "@opentelemetry/api";
import type { Clock } from "./clock.ts";
import type { HealthPart } from "./health.ts";
import type { HostConfig } from "./host-config.ts";
import type { Logger } from "./logger.ts";
import type { Requirement } from "./module.ts";
import { togetherOrNot } from "./together-or-not.ts";

/** A process as far as its certificate goes: where it is, and whom it has to name. */
export interface IdentityPlan {
  readonly config: HostConfig;
  readonly parts: readonly {
    readonly definition: { readonly name: string; readonly requires: readonly Requirement[] };
    readonly provides: readonly ServiceDefinition[];
  }[];
}

interface IdentityDependencies {
  readonly clock: Clock;
  readonly log: Logger;
}

const said: Readonly<Record<CertificateState, string>> = {
  missing: "certificate files can not be used; waiting for others",
  refused: "certificate files can not be used, the former ones stay in use",
  lapsed: "the certificate in use is refused by peers from now on",
};

/** The identity that is configured, if one is; throws CertificateError when peers would refuse it. */
export function readCertificates(plan: IdentityPlan, deps: IdentityDependencies): CertificateFiles | undefined {
  const paths = certificatePaths(plan.config);
  return paths === undefined ? undefined : new CertificateFiles(paths, optionsFor(plan, paths, deps));
}

/** As `readCertificates`, but waits until the files will do; `waiting` is told why they do not. */
export async function awaitCertificates(
  plan: IdentityPlan,
  deps: IdentityDependencies & { waiting(reason: CertificateError): void },
  signal: AbortSignal,
): Promise<CertificateFiles | undefined> {
  const paths = certificatePaths(plan.config);
  if (paths === undefined) return undefined;
  const options = optionsFor(plan, paths, deps);
  const onProblem: CertificateFilesOptions["onProblem"] = (error, state) => {
    if (state === "missing") deps.waiting(error);
    options.onProblem?.(error, state);
  };
  return await CertificateFiles.open(paths, { ...options, onProblem }, signal);
}

/** Tells monitoring when the identity in use expires; answers how to stop that. */
export function observeExpiry(files: CertificateFiles, meter: Meter): () => void {
  const gauge = meter.createObservableGauge("certificate.not.after", {
    description: "When the certificate in use expires, since the epoch.",
    unit: "s",
  });
  const callback = (result: { observe(value: number): void }) => {
    const expiry = expiryOf(files.current);
    if (expiry !== undefined) result.observe(Math.floor(expiry / 1000));
  };
  gauge.addCallback(callback);
  return () => gauge.removeCallback(callback);
}

/** What the admin port says of an identity. */
export function certificateProblem({ lapsed, refused }: CertificateFiles): Omit<HealthPart, "name"> {
  if (lapsed !== undefined) return { ok: false, detail: lapsed.message };
  if (refused !== undefined) return { ok: false, detail: `the former certificate is still in use: ${refused.message}` };
  return { ok: true };
}

/** Problems of settings that only make sense together. */
export function certificateSettingsProblems({ certificateFile, keyFile, caFile }: HostConfig): readonly string[] {
  return togetherOrNot({ TLS_CERTIFICATE_FILE: certificateFile, TLS_KEY_FILE: keyFile, TLS_CA_FILE: caFile });
}

function certificatePaths({ certificateFile, keyFile, caFile }: HostConfig): CertificatePaths | undefined {
  if (certificateFile === undefined || keyFile === undefined || caFile === undefined) return undefined;
  return { certificateFile, keyFile, caFile };
}

function optionsFor(plan: IdentityPlan, paths: CertificatePaths, deps: IdentityDependencies): CertificateFilesOptions {
  // A module that neither serves nor calls is known to nobody.
  const known = plan.parts.filter(({ definition, provides }) => provides.length + definition.requires.length > 0);
  const services = [...new Set(known.map(({ definition }) => definition.name))];
  return {
    check: (identity) => checkIdentity(identity, paths, { services, now: deps.clock.now() }),
    onProblem: (error, state) => deps.log.error({ err: error }, said[state]),
  };
}
