import type { Fault, FaultKind } from './faults.ts';

export interface FaultKindInfo {
  /** The behaviour of DataWorks while the fault is active. */
  description: string;
  /** Fields that a fault of this kind must have, with values for a demonstration. */
  required?: Readonly<Record<string, unknown>>;
  /** Optional fields, described. */
  optional?: string;
}

/** Every kind of fault. `npm run demo:fault` lists them. */
export const faultKinds: Readonly<Record<FaultKind, FaultKindInfo>> = {
  latency: { description: 'answers late', required: { delayMs: 2000 } },
  hold: {
    description: 'does not answer until all faults are off',
    optional: 'answerFrom=release|arrival',
  },
  throttle: {
    description: 'rejects calls as too frequent',
    optional: 'guise=Throttling|Throttling.Api|9990020002, retryAfterMs',
  },
  dailyLimit: { description: 'rejects calls because the quota of the day is used up' },
  http5xx: {
    description: 'fails with an error of its own',
    optional: 'code=ServiceUnavailable|Invalid.Wkbench.Parameter|Forbidden.Not.Server',
  },
  error: {
    description: 'fails with a given status and code',
    required: { httpStatus: 403, code: 'Forbidden.Access' },
    optional: 'message',
  },
  html502: { description: 'sends the HTML page of a proxy with status 502' },
  empty500: { description: 'sends status 500 without a body' },
  xmlError: { description: 'sends an error as XML with status 503' },
  redirect: { description: 'redirects to a maintenance page' },
  truncatedJson: { description: 'sends half of the JSON and ends the response' },
  html200: { description: 'sends an HTML page with status 200' },
  empty200: { description: 'sends status 200 without a body' },
  dropBeforeHeaders: { description: 'closes the connection before it answers' },
  dropMidBody: { description: 'closes the connection in the middle of the answer' },
  hangBeforeHeaders: { description: 'never answers' },
  hangMidBody: { description: 'stops in the middle of the answer' },
  reorder: { description: 'sorts lists in another order', optional: 'order=oldestFirst|byId' },
  capPageSize: { description: 'sends shorter pages than requested', optional: 'pageSize, silent=true' },
  inflateTotal: { description: 'reports more rows than a list has', optional: 'rows' },
  emptyPage: { description: 'sends pages without rows' },
  replace: {
    description: 'sends another value at one place of the body',
    required: { at: ['PagingInfo', 'TotalCount'], value: 'many' },
  },
  unknownEnums: { description: 'sends statuses and types that no document lists' },
  numbersAsStrings: { description: 'sends every number as text' },
  manyStages: { description: 'gives every run a number of stages', required: { stages: 50 } },
  largeDetail: { description: 'gives every stage a detail of a length', required: { detailBytes: 100_000 } },
};

/** The fault, or a text that says what is wrong with it. */
export function validateFault(value: unknown): Fault | string {
  const fault = (value ?? {}) as Partial<Record<string, unknown>>;
  const kind = String(fault['kind']);
  if (!Object.hasOwn(faultKinds, kind))
    return `Expected a kind, one of ${Object.keys(faultKinds).join(', ')}.`;
  const { required = {} } = faultKinds[kind as FaultKind];
  const missing = Object.keys(required).filter((field) => fault[field] === undefined);
  return missing.length > 0 ? `${kind} needs ${missing.join(', ')}.` : (value as Fault);
}
