import { Route as RouteIcon } from "lucide-react";
import { useState } from "react";
import { Button } from "../../controls/button.tsx";
import { Checkbox } from "../../controls/checkbox.tsx";
import { Popover } from "../../controls/popover.tsx";
import { Segments } from "../../controls/segments.tsx";
import { Switch } from "../../controls/switch.tsx";
import { formatCredits } from "../../credits/amount.ts";
import type { Model } from "../../gateway/offers.ts";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import { isSendable, narrows, type RoutingPolicy } from "../routing/routing-policy.ts";
import styles from "./routing-popover.module.css";
import { useChatModel } from "./use-chat-model.ts";

type ProviderRule = "everyone" | "only" | "exclude";

/** Chooses whom to prefer and whom to leave out. */
export function RoutingPopover() {
  const { settings } = useTerminal();
  const { policy } = useStore(settings);
  const { model } = useChatModel();
  const change = (part: Partial<RoutingPolicy>): void =>
    settings.update((each) => ({ ...each, policy: { ...each.policy, ...part } }));
  const label = policy.prefer === "price" ? "Cheapest" : "Fastest";
  return (
    <Popover
      label="Routing"
      trigger={
        <Button look="quiet" data-testid="routing">
          <RouteIcon size={15} aria-hidden /> {label}
          {narrows(policy) && <span className={styles.rules}>with rules</span>}
        </Button>
      }
    >
      <div className={styles.form}>
        <h3>Who should answer</h3>
        <Segments
          label="Prefer"
          value={policy.prefer}
          segments={[
            { value: "price", label: "Cheapest first" },
            { value: "latency", label: "Fastest first" },
          ]}
          onChange={(prefer) => change({ prefer })}
        />
        {model !== null && <ProviderRules model={model} policy={policy} onChange={change} />}
        {model !== null && <Regions model={model} policy={policy} onChange={change} />}
        <Switch
          label="Try another provider when one fails before its first word"
          checked={policy.fallback}
          onChange={(fallback) => change({ fallback })}
        />
      </div>
    </Popover>
  );
}

interface RulesProps {
  readonly model: Model;
  readonly policy: RoutingPolicy;
  readonly onChange: (part: Partial<RoutingPolicy>) => void;
}

function ProviderRules({ model, policy, onChange }: RulesProps) {
  const [rule, setRule] = useState<ProviderRule>(
    policy.only.length > 0 ? "only" : policy.exclude.length > 0 ? "exclude" : "everyone",
  );
  const chosen = rule === "only" ? policy.only : policy.exclude;
  const choose = (next: ProviderRule): void => {
    setRule(next);
    onChange({ only: [], exclude: [] });
  };
  const toggle = (address: string, isIn: boolean): void => {
    const next = isIn ? [...chosen, address] : chosen.filter((each) => each !== address);
    onChange(rule === "only" ? { only: next } : { exclude: next });
  };
  return (
    <fieldset className={styles.group}>
      <legend>Providers</legend>
      <Segments
        label="Providers"
        value={rule}
        segments={[
          { value: "everyone", label: "Anyone" },
          { value: "only", label: "Only…" },
          { value: "exclude", label: "Not…" },
        ]}
        onChange={choose}
      />
      {rule !== "everyone" &&
        model.offers.map(({ provider, providerName, region, state, outputPrice }) => (
          <Checkbox
            key={provider}
            label={`${providerName}, ${region}${state === "healthy" ? "" : ` (${state})`}`}
            note={`${formatCredits(outputPrice)} cr / M`}
            checked={chosen.includes(provider)}
            onChange={(isIn) => toggle(provider, isIn)}
          />
        ))}
      {rule !== "everyone" && chosen.length === 0 && (
        <p className={styles.hint}>Nobody is chosen, so anyone may answer.</p>
      )}
    </fieldset>
  );
}

function Regions({ model, policy, onChange }: RulesProps) {
  const regions = [...new Set([...model.offers.map(({ region }) => region), ...policy.regions])]
    .filter(isSendable)
    .sort();
  if (regions.length < 2 && policy.regions.length === 0) return null;
  return (
    <fieldset className={styles.group}>
      <legend>Only in these regions</legend>
      <div className={styles.regions}>
        {regions.map((region) => (
          <Checkbox
            key={region}
            label={region}
            checked={policy.regions.includes(region)}
            onChange={(isIn) =>
              onChange({
                regions: isIn ? [...policy.regions, region] : policy.regions.filter((each) => each !== region),
              })
            }
          />
        ))}
      </div>
    </fieldset>
  );
}
