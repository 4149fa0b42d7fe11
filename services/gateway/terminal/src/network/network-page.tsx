import { FaultNotice } from "../controls/fault-notice.tsx";
import { Figures } from "../controls/figures.tsx";
import { EmptyNote, PageFrame, PageSection } from "../shell/page-frame.tsx";
import { useResource } from "../state/use-resource.ts";
import { useTerminal } from "../terminal-context.ts";
import { ModelOffers } from "./model-offers.tsx";
import styles from "./network-page.module.css";
import { summarise } from "./network-summary.ts";
import { ProviderTable } from "./provider-table.tsx";

const refreshMs = 5_000;

/** Who offers what, at which price, and how they are doing. */
export function NetworkPage() {
  const terminal = useTerminal();
  const providers = useResource(terminal.providers, refreshMs);
  const models = useResource(terminal.models, refreshMs);
  const fault = providers.fault ?? models.fault;
  const summary = summarise(providers.value ?? [], models.value ?? []);
  return (
    <PageFrame
      title="Network"
      lead="Independent parties, each with its own keys, models and prices. The market calls one healthy only while it answers and its receipts match."
    >
      {fault !== null && <FaultNotice fault={fault} />}
      {providers.value !== null && (
        <>
          <Figures
            figures={[
              { label: "Healthy providers", value: `${summary.healthy} of ${summary.providers}` },
              { label: "Models on offer", value: summary.models },
              { label: "Regions", value: summary.regions },
              { label: "In hand", value: `${summary.active} of ${summary.capacity}`, note: "requests at once" },
              {
                label: "First byte",
                value: summary.latencyMs === null ? "unknown" : `${summary.latencyMs} ms`,
                note: "median",
              },
            ]}
          />
          <PageSection title="Providers" note="looked at every five seconds">
            {providers.value.length === 0 ? (
              <EmptyNote title="Nobody is registered">
                As soon as a provider announces itself, it stands here.
              </EmptyNote>
            ) : (
              <ProviderTable providers={providers.value} />
            )}
          </PageSection>
        </>
      )}
      {models.value !== null && models.value.length > 0 && (
        <PageSection title="Models and prices" note="credits per million tokens, as signed in the quotes in force">
          <div className={styles.models}>
            {models.value.map((model) => (
              <ModelOffers key={model.manifest} model={model} />
            ))}
          </div>
        </PageSection>
      )}
    </PageFrame>
  );
}
