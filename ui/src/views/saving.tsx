// What is asked or selected, taken away as a file. Does not know what is in it.

import { signal } from "@preact/signals";

import { ask, path } from "../api.ts";
import { exportCommand } from "../commands.ts";
import { filterOf } from "../filters.ts";
import { key } from "../key.ts";
import { isSelected, withinOf } from "../selection.ts";
import { state } from "../state.ts";
import { CopyAs } from "./copying.tsx";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";

const FORMATS = [
  ["csv", "CSV", "for spreadsheets"],
  ["parquet", "Parquet", "for data frames"],
  ["npz", "npz", "vectors, for NumPy"],
  ["jsonl", "JSON lines", "all there is"],
  ["ids", "ids", "one a line"],
] as const;

const trouble = signal("");

export function Save() {
  const { filter } = state.value;
  const what = isSelected.value ? "the selection" : filter.length ? "what passes the filter" : "the whole collection";
  return (
    <Menu title={`Save ${what}`} side="right" label={<><Icon name="save" /> <span class="wide">Save</span></>}>
      {(close) => (
        <>
          <p class="hint">Save {what} as</p>
          <ul class="choices">
            {FORMATS.map(([format, name, about]) => (
              <li key={format} class="row">
                <a href={address(format)} download={fileName(format)} onClick={(event) => void saved(event, format, close)}>
                  <strong>{name}</strong> <span class="hint">{about}</span>
                </a>
                <CopyAs what={`the ${name} export`} make={(origin, hasKey) => exportCommand(state.value, format, origin, hasKey)} />
              </li>
            ))}
          </ul>
          {trouble.value && <p class="trouble" role="alert">{trouble.value}</p>}
        </>
      )}
    </Menu>
  );
}

function address(format: string): string {
  const now = state.value;
  const query = new URLSearchParams({ format });
  if (now.filter.length) query.set("filter", JSON.stringify(filterOf(now.filter)));
  if (isSelected.value) query.set("within", JSON.stringify(withinOf(now)));
  return path.of(now.collection!, `export?${query}`);
}

function fileName(format: string): string {
  return `${state.value.collection!}.${format === "ids" ? "txt" : format}`;
}

/** A link sends no key: with one, the file is fetched first, and given to the browser then. */
async function saved(event: MouseEvent, format: string, close: () => void): Promise<void> {
  trouble.value = "";
  if (key.value === null) return close();
  event.preventDefault();
  let file: string;
  try {
    file = URL.createObjectURL(await (await ask(address(format))).blob());
  } catch (error) {
    trouble.value = (error as Error).message;
    return;
  }
  const link = Object.assign(document.createElement("a"), { href: file, download: fileName(format) });
  link.click();
  URL.revokeObjectURL(file);
  close();
}
