import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parser } from "@prometheus-io/lezer-promql";
import { parse } from "yaml";

const deploy = fileURLToPath(new URL("../../deploy", import.meta.url));

/** A PromQL expression and where it stands. */
export interface Query {
  readonly where: string;
  readonly expression: string;
}

export interface AlertRule {
  readonly alert: string;
  readonly expr: string;
  readonly for?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** Every alert rule of deploy/alerts. */
export function alertRules(): readonly AlertRule[] {
  return files("alerts").flatMap(({ text }) =>
    (parse(text) as { groups: { rules: AlertRule[] }[] }).groups.flatMap(({ rules }) => rules),
  );
}

/** Every expression of dashboards and alerts. */
export function allQueries(): readonly Query[] {
  const alerts = alertRules().map(({ alert, expr }) => ({ where: alert, expression: expr }));
  const panels = files("dashboards").flatMap(({ name, text }) => {
    const { panels } = JSON.parse(text) as { panels: { title: string; targets: { expr: string }[] }[] };
    return panels.flatMap(({ title, targets }) =>
      targets.map(({ expr }) => ({ where: `${name}: ${title}`, expression: expr })),
    );
  });
  return [...alerts, ...panels];
}

/** The series that an expression reads, each with the labels that it selects or groups by; undefined when it does not parse. */
export function seriesOf(expression: string): Map<string, Set<string>> | undefined {
  const found = new Map<string, Set<string>>();
  const text = (node: { from: number; to: number }) => expression.slice(node.from, node.to);
  let valid = true;
  let series: Set<string> | undefined;
  const groupings: { from: number; to: number; label: string }[] = [];
  const places: { at: number; labels: Set<string> }[] = [];
  parser.parse(expression).iterate({
    enter: (node) => {
      if (node.type.isError) valid = false;
      if (node.name === "Identifier" && node.node.parent?.name === "VectorSelector") {
        series = found.get(text(node)) ?? new Set();
        found.set(text(node), series);
        places.push({ at: node.from, labels: series });
      } else if (node.name === "LabelName") {
        const aggregate = ancestor(node.node, "AggregateExpr", "LabelMatchers");
        if (aggregate === undefined) series?.add(text(node));
        else groupings.push({ from: aggregate.from, to: aggregate.to, label: text(node) });
      }
    },
  });
  for (const { from, to, label } of groupings) {
    for (const { at, labels } of places) if (at >= from && at < to) labels.add(label);
  }
  return valid ? found : undefined;
}

interface Node {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly parent: Node | null;
}

/** The nearest ancestor of a name, unless one of another name is nearer. */
function ancestor(node: Node, name: string, stop: string): Node | undefined {
  for (let at = node.parent; at !== null; at = at.parent) {
    if (at.name === name) return at;
    if (at.name === stop) return undefined;
  }
  return undefined;
}

function files(folder: string): { name: string; text: string }[] {
  return readdirSync(path.join(deploy, folder)).map((name) => ({
    name,
    text: readFileSync(path.join(deploy, folder, name), "utf8"),
  }));
}
