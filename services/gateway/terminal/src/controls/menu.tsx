import { Menu as Base } from "@base-ui/react/menu";
import type { ReactElement, ReactNode } from "react";
import styles from "./popup.module.css";

/** One thing to do. */
export interface MenuAction {
  readonly label: string;
  readonly icon: ReactNode;
  readonly onSelect: () => void;
}

/** A list of things to do, behind its trigger. */
export function Menu({
  trigger,
  actions,
}: {
  readonly trigger: ReactElement;
  readonly actions: readonly MenuAction[];
}) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className={styles.positioner} sideOffset={6} collisionPadding={12} align="end">
          <Base.Popup className={styles.list}>
            {actions.map(({ label, icon, onSelect }) => (
              <Base.Item key={label} className={styles.item} onClick={onSelect}>
                <span className={styles.check}>{icon}</span>
                <span className={styles.label}>{label}</span>
              </Base.Item>
            ))}
          </Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  );
}
