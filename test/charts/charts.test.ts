import { describe, expect, test } from "@jest/globals";
import { helm } from "./helm.ts";
import { type Manifest, ofKind, render } from "./manifests.ts";
import { minimal, production, providerOnly, valueSets } from "./value-sets.ts";

interface Validating {
  validate(): void;
}
type Model = new (object: object) => Validating;

/** Validates against the published API schemas; kinds of custom resources have none there. */
async function validate(manifest: Manifest): Promise<void> {
  const module = (await import(`kubernetes-models/${manifest.apiVersion}/${manifest.kind}`)) as Record<string, Model>;
  new (module[manifest.kind] as Model)(manifest).validate();
}

interface PodSpec {
  readonly automountServiceAccountToken: boolean;
  readonly securityContext: Record<string, unknown>;
  readonly containers: readonly Record<string, never>[];
}

function podSpec(workload: Manifest): PodSpec {
  return (workload.spec as { template: { spec: PodSpec } }).template.spec;
}

const workloads = (manifests: readonly Manifest[]) =>
  manifests.filter(({ kind }) => kind === "Deployment" || kind === "StatefulSet");

describe.each(Object.entries(valueSets))("value set %s", (_name, values) => {
  const manifests = render(values);

  test("lints", () => {
    const { status, stdout } = helm(["lint", "koinon"], values);
    expect({ status, errors: stdout.match(/\[ERROR\].*/g) }).toEqual({ status: 0, errors: null });
  });

  test("every object fits the API schemas", async () => {
    for (const manifest of manifests) {
      if (manifest.kind === "ServiceMonitor") continue;
      await expect(
        validate(manifest).then(
          () => "valid",
          (error: Error) => `${manifest.kind}/${manifest.metadata.name}: ${error.message}`,
        ),
      ).resolves.toBe("valid");
    }
  });

  test("every workload has probes on the admin port, limits, a disruption budget, a network policy and no privileges", () => {
    const budgets = ofKind(manifests, "PodDisruptionBudget");
    const policies = ofKind(manifests, "NetworkPolicy");
    for (const workload of workloads(manifests)) {
      const { name } = workload.metadata;
      const spec = podSpec(workload);
      const container = spec.containers[0] as Record<string, Record<string, never>>;
      expect([name, budgets.has(name), policies.has(name)]).toEqual([name, true, true]);
      expect([name, spec.automountServiceAccountToken, spec.securityContext.runAsNonRoot]).toEqual([name, false, true]);
      for (const probe of ["startupProbe", "livenessProbe", "readinessProbe"]) {
        expect([name, probe, (container[probe] as { httpGet?: { port?: string } }).httpGet?.port]).toEqual([
          name,
          probe,
          "admin",
        ]);
      }
      expect([name, container.securityContext]).toEqual([
        name,
        { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
      ]);
      expect([name, Object.keys(container.resources as object)]).toEqual([name, ["limits", "requests"]]);
    }
  });

  test("network policies deny both directions by default", () => {
    for (const [name, policy] of ofKind(manifests, "NetworkPolicy")) {
      expect([name, policy.spec?.policyTypes]).toEqual([name, ["Ingress", "Egress"]]);
    }
  });
});

describe("the umbrella", () => {
  test("switches services one by one", () => {
    expect(workloads(render(providerOnly)).map(({ metadata }) => metadata.name)).toEqual(["net-provider"]);
  });

  test("serves the gateway as <release>-gateway with a port named http", () => {
    const service = ofKind(render(minimal), "Service").get("net-gateway") as Manifest;
    const ports = (service.spec as { ports: { name: string }[] }).ports;
    expect(ports.map(({ name }) => name)).toContain("http");
  });

  test("refuses to render without a database, naming the value", () => {
    const { status, stderr } = helm(["template", "net", "koinon"], {});
    expect(status).not.toBe(0);
    expect(stderr).toContain("database.secretName");
  });

  test("leaves replicas to the autoscaler where there is one", () => {
    const manifests = render(production);
    const scaled = [...ofKind(manifests, "HorizontalPodAutoscaler").keys()];
    expect(scaled.sort()).toEqual(["net-gateway", "net-market"]);
    for (const name of scaled) {
      expect([name, ofKind(manifests, "Deployment").get(name)?.spec?.replicas]).toEqual([name, undefined]);
    }
  });

  test("a change of one service's configuration rolls that service alone", () => {
    const checksums = (values: object) =>
      new Map(workloads(render(values)).map((each) => [each.metadata.name, JSON.stringify(each.spec?.template)]));
    const before = checksums(minimal);
    const after = checksums({ ...minimal, market: { ...minimal.market, config: { MARKET_EXAMPLE: "1" } } });
    const rolled = [...before.keys()].filter((name) => before.get(name) !== after.get(name));
    expect(rolled).toEqual(["net-market"]);
  });
});
