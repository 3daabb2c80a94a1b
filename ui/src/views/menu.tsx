// A button that opens a small panel below itself. Does not know what is in it.

import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

interface Props {
  label: ComponentChildren;
  title: string; // what the button is called where its label does not tell
  kind?: string;
  side?: "left" | "right";
  children: (close: () => void) => ComponentChildren;
}

export function Menu({ label, title, kind = "button", side = "left", children }: Props) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };

  useEffect(() => {
    if (!isOpen) return;
    const onPointerDown = (event: PointerEvent): void => {
      if (!box.current!.contains(event.target as Node)) setOpen(false);
    };
    const onKeyDown = (event: KeyboardEvent): void => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      close();
    };
    addEventListener("pointerdown", onPointerDown);
    addEventListener("keydown", onKeyDown, true);
    return () => {
      removeEventListener("pointerdown", onPointerDown);
      removeEventListener("keydown", onKeyDown, true);
    };
  }, [isOpen]);

  return (
    <div class="menu" ref={box}>
      <button ref={button} type="button" class={kind} title={title} aria-label={title} aria-expanded={isOpen} onClick={() => setOpen(!isOpen)}>
        {label}
      </button>
      {isOpen && <div class={`sheet from-${side}`}>{children(close)}</div>}
    </div>
  );
}
