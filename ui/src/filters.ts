// Conditions on metadata: as the server takes them, and as people read them. Does not know where they are shown.

import type { Json, Metadata } from "./wire.ts";

export type Op = "eq" | "ne" | "in" | "range" | "exists";
export type Value = string | number | boolean;

/** value: of eq and ne one, of in several, of range [low, high] with null for open ends, of exists whether. */
export interface Condition {
  field: string;
  op: Op;
  value: Value | Value[] | [number | null, number | null];
}

export function isCondition(one: { field: unknown; op: unknown; value: unknown }): one is Condition {
  if (typeof one.field !== "string" || one.field === "") return false;
  switch (one.op) {
    case "eq":
    case "ne":
      return isValue(one.value);
    case "in":
      return Array.isArray(one.value) && one.value.length > 0 && one.value.every(isValue);
    case "range":
      return Array.isArray(one.value) && one.value.length === 2 && one.value.every(isEnd) && one.value.some((end) => end !== null);
    case "exists":
      return typeof one.value === "boolean";
    default:
      return false;
  }
}

/** The filter of a search, or null where there is none. */
export function filterOf(conditions: readonly Condition[]): Json {
  const all = conditions.map(one);
  if (all.length === 0) return null;
  return all.length === 1 ? all[0]! : { and: all };
}

function one(condition: Condition): Json {
  const { field, op, value } = condition;
  if (op !== "range") return { [field]: { [op]: value as Json } };
  const [low, high] = value as [number | null, number | null];
  return { [field]: { ...(low === null ? {} : { gte: low }), ...(high === null ? {} : { lte: high }) } };
}

export function told(condition: Condition): string {
  const { field, op, value } = condition;
  switch (op) {
    case "eq":
      return `${field} is ${String(value)}`;
    case "ne":
      return `${field} is not ${String(value)}`;
    case "in":
      return `${field} is ${(value as Value[]).map(String).join(" or ")}`;
    case "exists":
      return value ? `${field} is there` : `${field} is missing`;
    case "range": {
      const [low, high] = value as [number | null, number | null];
      if (low === null) return `${field} up to ${high}`;
      return high === null ? `${field} from ${low}` : `${field} from ${low} to ${high}`;
    }
  }
}

/** What an item has at a field; dots lead to nested ones. */
export function valueAt(metadata: Metadata, field: string): Json | undefined {
  let found: Json | undefined = metadata;
  for (const name of field.split(".")) {
    if (found === null || typeof found !== "object" || Array.isArray(found)) return undefined;
    found = found[name];
  }
  return found;
}

function isValue(value: unknown): value is Value {
  return typeof value === "string" || typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value));
}

function isEnd(value: unknown): boolean {
  return value === null || (typeof value === "number" && Number.isFinite(value));
}
