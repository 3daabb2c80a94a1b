// The filter: its conditions as chips, and a form for one more. Does not know what passes.

import { useState } from "preact/hooks";

import { fields } from "../fields.ts";
import { type Condition, type Op, told, type Value } from "../filters.ts";
import { go, state } from "../state.ts";
import { Icon } from "./icon.tsx";
import { Menu } from "./menu.tsx";

export function Filters() {
  return (
    <div class="filters">
      {state.value.filter.map((one) => (
        <span class="chip" key={told(one)}>
          {told(one)}
          <button type="button" class="plain" aria-label={`Remove the filter: ${told(one)}`} onClick={() => remove(one)}>
            <Icon name="close" />
          </button>
        </span>
      ))}
      <Menu title="Add a filter" label={<><Icon name="filter" /> <span class="wide">Filter</span></>}>
        {(close) => <NewCondition done={close} />}
      </Menu>
    </div>
  );
}

export function add(condition: Condition): void {
  const others = state.value.filter.filter((one) => told(one) !== told(condition));
  go({ filter: [...others, condition] });
}

function remove(condition: Condition): void {
  go({ filter: state.value.filter.filter((one) => one !== condition) });
}

const OPS: readonly [Op, string][] = [
  ["eq", "is"],
  ["ne", "is not"],
  ["in", "is one of"],
  ["range", "is between"],
  ["exists", "is there"],
];

function NewCondition({ done }: { done: () => void }) {
  const [name, setName] = useState(fields.value[0]?.name ?? "");
  const field = fields.value.find((one) => one.name === name);
  const [chosenOp, setOp] = useState<Op | null>(null);
  const op = chosenOp ?? (field?.kind === "number" ? "range" : "eq");
  const isNumber = field?.kind === "number";

  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const condition = conditionOf(name.trim(), op, new FormData(event.currentTarget as HTMLFormElement), isNumber);
    if (condition === null) return;
    add(condition);
    done();
  };

  return (
    <form class="form" onSubmit={onSubmit}>
      <label>
        Field
        <input list="fields" required value={name} placeholder="colour" autocomplete="off" onInput={(event) => setName(event.currentTarget.value)} />
        <datalist id="fields">
          {fields.value.map((one) => (
            <option key={one.name} value={one.name} />
          ))}
        </datalist>
      </label>
      <label>
        Condition
        <select value={op} onChange={(event) => setOp(event.currentTarget.value as Op)}>
          {OPS.map(([value, text]) => (
            <option key={value} value={value}>
              {text}
            </option>
          ))}
        </select>
      </label>
      <Values op={op} seen={field?.seen ?? []} />
      {fields.value.length === 0 && <p class="hint">No item seen so far has metadata.</p>}
      <button class="button primary">Add the filter</button>
    </form>
  );
}

function Values({ op, seen }: { op: Op; seen: readonly Value[] }) {
  if (op === "exists") return null;
  if (op === "range") {
    return (
      <div class="row">
        <label>
          From
          <input name="low" type="number" step="any" />
        </label>
        <label>
          To
          <input name="high" type="number" step="any" />
        </label>
      </div>
    );
  }
  if (op === "in" && seen.length) {
    return (
      <label>
        Values
        <select name="value" multiple size={Math.min(7, seen.length)} required>
          {seen.map((one) => (
            <option key={String(one)}>{String(one)}</option>
          ))}
        </select>
      </label>
    );
  }
  return (
    <label>
      {op === "in" ? "Values, with commas between" : "Value"}
      <input name="value" list="values" required autocomplete="off" />
      <datalist id="values">
        {seen.map((one) => (
          <option key={String(one)} value={String(one)} />
        ))}
      </datalist>
    </label>
  );
}

function conditionOf(field: string, op: Op, form: FormData, isNumber: boolean): Condition | null {
  const typed = (text: string): Value => (isNumber && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : truth(text));
  const texts = form.getAll("value").map(String);
  switch (op) {
    case "exists":
      return { field, op, value: true };
    case "range": {
      const [low, high] = ["low", "high"].map((end) => (form.get(end) === "" ? null : Number(form.get(end))));
      return low === null && high === null ? null : { field, op, value: [low!, high!] };
    }
    case "in": {
      const several = texts.length === 1 ? texts[0]!.split(",").map((one) => one.trim()) : texts;
      return { field, op, value: several.filter(Boolean).map(typed) };
    }
    default:
      return { field, op, value: typed(texts[0] ?? "") };
  }
}

function truth(text: string): Value {
  return text === "true" ? true : text === "false" ? false : text;
}
