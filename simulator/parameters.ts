/**
 * Reading parameters as DataWorks does: strings in, values out, an ApiError for what it would reject. An empty text is an
 * absent parameter, since SDKs send `name=` for one that is undefined. The `Missing…` and `Invalid…` codes are seen on
 * 2024-05-18 for other parameters; their exact spelling for these is not documented.
 */
import type { Status } from './vocabulary.ts';
import { isRequestStatus, requestStatuses } from './vocabulary.ts';
import { ApiError } from './wire.ts';

export type Parameters = Readonly<Record<string, string>>;

export function required(params: Parameters, name: string): string {
  const value = optional(params, name);
  if (value === undefined) {
    throw new ApiError(400, `Missing${name}`, `${name} is mandatory for this action.`);
  }
  return value;
}

export function optional(params: Parameters, name: string): string | undefined {
  return params[name] === '' ? undefined : params[name];
}

/** A required long, as its digits. */
export function requiredLong(params: Parameters, name: string): string {
  const value = required(params, name);
  if (!/^\d{1,18}$/.test(value)) throw invalid(name, value);
  return value;
}

export interface Paging {
  /** From 1. */
  number: number;
  size: number;
}

/** PageNumber from 1, PageSize from 1 to 100; 1 and 10 where absent. */
export function paging(params: Parameters): Paging {
  return {
    number: positive(params, 'PageNumber', 1, 2 ** 31 - 1),
    size: positive(params, 'PageSize', 10, 100),
  };
}

/** The filter is documented in one vocabulary and one case; whether another is rejected or matches nothing is not. */
export function optionalStatus(params: Parameters): Status | undefined {
  const value = optional(params, 'Status');
  if (value === undefined || isRequestStatus(value)) return value;
  throw invalid('Status', value, `Valid values: ${requestStatuses.join(', ')}.`);
}

/** A parameter that is the JSON text of an array, of which every entry comes back as text. */
export function optionalTextArray(params: Parameters, name: string): string[] | undefined {
  const value = optional(params, name);
  if (value === undefined) return undefined;
  const parsed = parseJson(value);
  if (!Array.isArray(parsed)) throw invalid(name, value);
  return parsed.map(String);
}

function positive(params: Parameters, name: string, fallback: number, max: number): number {
  const value = optional(params, name);
  if (value === undefined) return fallback;
  const number = /^\d{1,10}$/.test(value) ? Number(value) : 0;
  if (number < 1 || number > max) throw invalid(name, value);
  return number;
}

function invalid(name: string, value: string, hint = ''): ApiError {
  return new ApiError(400, `Invalid${name}`, `The specified ${name} "${value}" is invalid. ${hint}`.trim());
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
