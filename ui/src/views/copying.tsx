// What the page does as a command, to be copied. Does not know what the command does.

import { useRef, useState } from "preact/hooks";

import type { Command } from "../commands.ts";
import { key } from "../key.ts";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";

interface Props {
  make: (origin: string, hasKey: boolean) => Command;
  what: string;
  label?: string;
}

export function CopyAs({ make, what, label }: Props) {
  const shown = label ? <><Icon name="code" /> <span class="wide">{label}</span></> : <Icon name="code" />;
  return (
    <Menu kind={label ? "button" : "plain"} side="right" title={`Copy as curl or Python: ${what}`} label={shown}>
      {() => {
        const command = make(location.origin, key.value !== null);
        return (
          <div class="commands">
            <Text label="curl" text={command.curl} />
            <Text label="Python" text={command.python} />
          </div>
        );
      }}
    </Menu>
  );
}

function Text({ label, text }: { label: string; text: string }) {
  const area = useRef<HTMLTextAreaElement>(null);
  const [told, setTold] = useState("Copy");
  const copy = async (): Promise<void> => {
    area.current!.focus();
    area.current!.select();
    setTold((await copied(text)) ? "Copied" : "Now press Ctrl+C");
  };
  return (
    <div>
      <div class="row">
        <strong>{label}</strong>
        <button type="button" class="button small" onClick={() => void copy()} aria-label={`Copy as ${label}`}>
          <span role="status">{told}</span>
        </button>
      </div>
      <textarea ref={area} readOnly aria-label={`The ${label} command`} rows={3} value={text.trimEnd()} />
    </div>
  );
}

/** On plain http from another machine there is no clipboard: then what is selected is left to the keyboard. */
async function copied(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}
