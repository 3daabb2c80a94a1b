// The filter: its conditions as chips, and a form for one more. Does not know what passes.

import { useState } from "preact/hooks";

import { fields } from "../fields.ts";
import { type Condition, told, type Value } from "../filters.ts";
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

type Choice = "is" | "not" | "between" | "there" | "missing";

const CHOICES: readonly [Choice, string][] = [
  ["is", "is"],
  ["not", "is not"],
  ["between", "is between"],
  ["there", "is there"],
  ["missing", "is missing"],
];

function NewCondition({ done }: { done: () => void }) {
  const [name, setName] = useState(fields.value[0]?.name ?? "");
  const [chosen, setChosen] = useState<Choice | null>(null);
  const field = fields.value.find((one) => one.name === name);
  const isNumber = field?.kind === "number";
  const choice = chosen ?? (isNumber ? "between" : "is");

  const onSubmit = (event: SubmitEvent): void => {
    event.preventDefault();
    const condition = conditionOf(name.trim(), choice, new FormData(event.currentTarget as HTMLFormElement), isNumber);
    if (condition === null) return;
    add(condition);
    done();
  };

  return (
    <form class="form" onSubmit={onSubmit}>
      <div class="row">
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
          <select value={choice} onChange={(event) => setChosen(event.currentTarget.value as Choice)}>
            {CHOICES.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      </div>
      <Values key={name} choice={choice} seen={field?.seen ?? []} />
      {fields.value.length === 0 && <p class="hint">No item seen so far has metadata.</p>}
      <button class="button primary">Add the filter</button>
    </form>
  );
}

function Values({ choice, seen }: { choice: Choice; seen: readonly Value[] }) {
  if (choice === "there" || choice === "missing") return null;
  if (choice === "between") {
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
  return (
    <>
      {seen.length > 0 && (
        <fieldset class="values">
          <legend class="unseen">Values</legend>
          {seen.map((one) => (
            <label key={String(one)}>
              <input type={choice === "is" ? "checkbox" : "radio"} name="value" value={String(one)} />
              {String(one)}
            </label>
          ))}
        </fieldset>
      )}
      <label>
        {seen.length ? "Another value" : "Value"}
        <input name="value" required={seen.length === 0} autocomplete="off" />
      </label>
    </>
  );
}

/** What the form says, or null where it says nothing yet. */
function conditionOf(field: string, choice: Choice, form: FormData, isNumber: boolean): Condition | null {
  const values = form.getAll("value").map(String).filter(Boolean).map((text) => typed(text, isNumber));
  switch (choice) {
    case "there":
    case "missing":
      return { field, op: "exists", value: choice === "there" };
    case "between": {
      const [low, high] = ["low", "high"].map((end) => (form.get(end) === "" ? null : Number(form.get(end))));
      return low === null && high === null ? null : { field, op: "range", value: [low!, high!] };
    }
    case "not":
      return values.length ? { field, op: "ne", value: values[0]! } : null;
    case "is":
      if (values.length === 0) return null;
      return values.length === 1 ? { field, op: "eq", value: values[0]! } : { field, op: "in", value: values };
  }
}

function typed(text: string, isNumber: boolean): Value {
  if (text === "true" || text === "false") return text === "true";
  return isNumber && Number.isFinite(Number(text)) ? Number(text) : text;
}
