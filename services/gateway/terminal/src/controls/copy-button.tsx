import { Check, Copy } from "lucide-react";
import { useEffect, useState } from "react";
import { Button, IconButton } from "./button.tsx";

const shownMs = 1_600;

/** Copies a text and says that it did. */
export function CopyButton({
  text,
  label = "Copy",
  withText = false,
}: {
  readonly text: string | (() => string);
  readonly label?: string;
  readonly withText?: boolean;
}) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), shownMs);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = async (): Promise<void> => {
    setCopied(await copyText(typeof text === "string" ? text : text()));
  };
  const icon = copied ? <Check size={15} aria-hidden /> : <Copy size={15} aria-hidden />;
  const shown = copied ? "Copied" : label;
  if (withText) {
    return (
      <Button small onClick={() => void copy()}>
        {icon} {shown}
      </Button>
    );
  }
  return (
    <IconButton small label={shown} onClick={() => void copy()}>
      {icon}
    </IconButton>
  );
}

/** The clipboard needs a secure context, which a network at home may not have; selecting and copying works everywhere. */
async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.readOnly = true;
    document.body.append(area);
    area.select();
    const done = document.execCommand("copy");
    area.remove();
    return done;
  }
}
