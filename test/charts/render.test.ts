import { describe, expect, test } from "@jest/globals";
import { helm } from "./helm.ts";
import { containersOf, type Manifest, ofKind, podSpec, render, setUps, workloads } from "./manifests.ts";

interface Validating {
  validate(): void;
}
type Model = new (object: object) => Validating;

/** Kinds of custom resources, which the API's own schemas do not hold. */
const custom = new Set(["ServiceMonitor", "PrometheusRule", "Certificate"]);

/** Validates against the published API schemas. */
async function validate(manifest: Manifest): Promise<string> {
  const module = (await import(`kubernetes-models/${manifest.apiVersion}/${manifest.kind}`)) as Record<string, Model>;
  try {
    new (module[manifest.kind] as Model)(manifest).validate();
    return "valid";
  } catch (error) {
    return `${manifest.kind}/${manifest.metadata.name}: ${(error as Error).message}`;
  }
}

const running = (manifests: readonly Manifest[]) => [
  ...workloads(manifests),
  ...manifests.filter(({ kind }) => kind === "Job"),
];

describe.each(Object.entries(setUps))("%s", (_, values) => {
  const manifests = render(values);

  test("lints", () => {
    const { status, stdout } = helm(["lint", "koinon"], values);
    expect({ status, errors: stdout.match(/\[ERROR\].*/g) }).toEqual({ status: 0, errors: null });
  });

  test("nothing asks for rights: no role is made or bound, and no secret is a value", () => {
    const kinds = new Set(manifests.map(({ kind }) => kind));
    expect([...kinds].filter((kind) => /Role|Binding|^Secret$|WebhookConfiguration|CustomResource/.test(kind))).toEqual(
      [],
    );
  });

  test("every object fits the API schemas, and no two have one name", async () => {
    const names = manifests.map(({ kind, metadata }) => `${kind}/${metadata.name}`);
    expect(names.filter((each, index) => names.indexOf(each) !== index)).toEqual([]);
    for (const manifest of manifests.filter(({ kind }) => !custom.has(kind))) {
      expect(await validate(manifest)).toBe("valid");
    }
  });

  test("every workload has a disruption budget and a network policy for both directions, a test and no token", () => {
    const budgets = ofKind(manifests, "PodDisruptionBudget");
    const policies = ofKind(manifests, "NetworkPolicy");
    const jobs = ofKind(manifests, "Job");
    for (const workload of workloads(manifests)) {
      const { name } = workload.metadata;
      expect([name, budgets.has(name), jobs.has(`${name}-test`)]).toEqual([name, true, true]);
      expect([name, policies.get(name)?.spec?.policyTypes]).toEqual([name, ["Ingress", "Egress"]]);
      expect([name, podSpec(workload).automountServiceAccountToken]).toEqual([name, false]);
      expect(ofKind(manifests, "ServiceAccount").get(name)).toMatchObject({ automountServiceAccountToken: false });
    }
  });

  test("pods of a workload are spread over zones and nodes, and its stateless ones are replaced without being fewer", () => {
    for (const workload of workloads(manifests)) {
      const keys = podSpec(workload).topologySpreadConstraints?.map(({ topologyKey }) => topologyKey);
      const { name } = workload.metadata;
      expect([name, keys]).toEqual([name, ["topology.kubernetes.io/zone", "kubernetes.io/hostname"]]);
      if (workload.kind !== "Deployment") continue;
      expect([name, workload.spec?.strategy]).toMatchObject([name, { rollingUpdate: { maxUnavailable: 0 } }]);
    }
  });

  test("every process is asked on its own admin port whether it lives and is ready, and has limits", () => {
    for (const workload of workloads(manifests)) {
      for (const container of containersOf(workload)) {
        const { startupProbe, livenessProbe, readinessProbe, resources } = container;
        const admin = container.name === "engine" ? "engine-admin" : "admin";
        const probed = [startupProbe, livenessProbe, readinessProbe].map((probe) => probe?.httpGet);
        expect([container.name, probed]).toEqual([
          container.name,
          ["/livez", "/livez", "/readyz"].map((path) => ({ path, port: admin })),
        ]);
        expect(container.ports).toContainEqual({ name: admin, containerPort: expect.any(Number) });
        expect([container.name, Object.keys(resources)]).toEqual([container.name, ["limits", "requests"]]);
      }
    }
  });

  // https://kubernetes.io/docs/concepts/security/pod-security-standards/, profile "restricted", version 1.35.
  test("every pod meets the restricted Pod Security Standard, with a root file system that can not be written", () => {
    const volumeTypes = ["configMap", "emptyDir", "persistentVolumeClaim", "secret"];
    for (const workload of running(manifests)) {
      const { name } = workload.metadata;
      const spec = podSpec(workload);
      expect(spec).not.toHaveProperty("hostNetwork");
      expect([name, spec.securityContext]).toMatchObject([
        name,
        { runAsNonRoot: true, runAsUser: 10001, seccompProfile: { type: "RuntimeDefault" } },
      ]);
      for (const { name: volume, ...source } of spec.volumes ?? []) {
        expect([name, volume, volumeTypes]).toEqual([
          name,
          volume,
          expect.arrayContaining([Object.keys(source)[0] as string]),
        ]);
      }
      for (const container of containersOf(workload)) {
        expect([name, container.name, container.securityContext]).toEqual([
          name,
          container.name,
          { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } },
        ]);
      }
    }
  });

  test("selectors pick the pods of their own workload", () => {
    const pods = running(manifests).map((each) => ({
      name: each.metadata.name,
      labels: (each.spec as { template: { metadata: { labels: Record<string, string> } } }).template.metadata.labels,
    }));
    const selects = (selector: Record<string, string>) =>
      pods
        .filter(({ labels }) => Object.entries(selector).every(([key, value]) => labels[key] === value))
        .map((pod) => pod.name);
    for (const service of ofKind(manifests, "Service").values()) {
      const { selector } = service.spec as { selector: Record<string, string> };
      expect(selects(selector)).toEqual([service.metadata.name.replace(/-(pods|public)$/, "")]);
    }
    for (const policy of ofKind(manifests, "NetworkPolicy").values()) {
      const { podSelector } = policy.spec as { podSelector: { matchLabels: Record<string, string> } };
      expect(selects(podSelector.matchLabels)).toEqual([policy.metadata.name]);
    }
  });
});
