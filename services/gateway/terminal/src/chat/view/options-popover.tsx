import { SlidersHorizontal } from "lucide-react";
import { useState } from "react";
import { Button } from "../../controls/button.tsx";
import { TextAreaField, TextField } from "../../controls/field.tsx";
import { Popover } from "../../controls/popover.tsx";
import { groupThousands } from "../../credits/amount.ts";
import { useStore } from "../../state/use-store.ts";
import { useTerminal } from "../../terminal-context.ts";
import { tokensMaxFor } from "../generation-limits.ts";
import styles from "./routing-popover.module.css";
import { useChatModel } from "./use-chat-model.ts";

/** How the model is to answer. */
export function OptionsPopover() {
  return (
    <Popover
      label="Options"
      trigger={
        <Button look="quiet" data-testid="options" aria-label="Options">
          <SlidersHorizontal size={15} aria-hidden /> <span className={styles.word}>Options</span>
        </Button>
      }
    >
      <OptionsForm />
    </Popover>
  );
}

function OptionsForm() {
  const { settings } = useTerminal();
  const { system, tokensMax, temperature } = useStore(settings);
  const { model } = useChatModel();
  const allowed = model === null ? null : tokensMaxFor(model.contextTokens, tokensMax);
  return (
    <div className={styles.form}>
      <h3>How it should answer</h3>
      <NumberField
        label="Longest answer, in tokens"
        value={tokensMax}
        placeholder={allowed === null ? "" : String(allowed)}
        min={1}
        max={1_000_000}
        isWhole
        description={
          allowed === null ? undefined : `${groupThousands(String(allowed))} with this model. It bounds the price.`
        }
        onChange={(value) => settings.update((each) => ({ ...each, tokensMax: value }))}
      />
      <NumberField
        label="Temperature"
        value={temperature}
        placeholder="as the model likes"
        min={0}
        max={2}
        description="0 always takes the likeliest word, 2 wanders."
        onChange={(value) => settings.update((each) => ({ ...each, temperature: value }))}
      />
      <TextAreaField
        label="Standing instructions"
        value={system}
        placeholder="Sent before every question"
        maxLength={20_000}
        onChange={(event) => settings.update((each) => ({ ...each, system: event.target.value }))}
      />
    </div>
  );
}

interface NumberFieldProps {
  readonly label: string;
  readonly value: number | null;
  readonly placeholder: string;
  readonly min: number;
  readonly max: number;
  readonly isWhole?: boolean;
  readonly description?: string | undefined;
  readonly onChange: (value: number | null) => void;
}

/** A number or nothing; what is not one is said, and not taken. */
function NumberField({
  label,
  value,
  placeholder,
  min,
  max,
  isWhole = false,
  description,
  onChange,
}: NumberFieldProps) {
  const [text, setText] = useState(value === null ? "" : String(value));
  const numberIn = (typed: string): number | null => (typed.trim() === "" ? null : Number(typed));
  const isGood = (number: number | null): boolean =>
    number === null || (number >= min && number <= max && (!isWhole || Number.isInteger(number)));
  const take = (typed: string): void => {
    setText(typed);
    if (isGood(numberIn(typed))) onChange(numberIn(typed));
  };
  return (
    <TextField
      label={label}
      inputMode={isWhole ? "numeric" : "decimal"}
      value={text}
      placeholder={placeholder}
      description={description}
      error={
        isGood(numberIn(text))
          ? null
          : `${isWhole ? "A whole number" : "A number"} from ${min} to ${groupThousands(String(max))}`
      }
      onChange={(event) => take(event.target.value)}
    />
  );
}
