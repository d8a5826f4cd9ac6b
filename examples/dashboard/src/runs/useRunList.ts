import { useState } from 'react';
import type { View } from '../view/view.ts';
import { type RunList, runListOf } from './runList.ts';

/** The list of the view that a component was mounted with. */
export function useRunList(view: View): RunList {
  const [list] = useState(() => runListOf(view));
  return list;
}
