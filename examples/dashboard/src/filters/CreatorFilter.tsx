import { useEffect, useEffectEvent, useId, useState } from 'react';

export interface CreatorFilterProps {
  /** A uid, or empty for all. */
  creator: string;
  onChange: (creator: string) => void;
}

/** Queries start when typing pauses, because half a uid matches nothing. */
const REST_MS = 500;

export function CreatorFilter({ creator, onChange }: CreatorFilterProps) {
  const id = useId();
  const [typed, setTyped] = useState(creator);
  const [shown, setShown] = useState(creator);
  if (shown !== creator) {
    setShown(creator);
    setTyped(creator);
  }

  const commit = useEffectEvent(() => typed !== creator && onChange(typed));
  useEffect(() => {
    const timer = setTimeout(() => commit(), REST_MS);
    return () => clearTimeout(timer);
  }, [typed]);

  return (
    <div className="field">
      <label htmlFor={id}>Creator</label>
      <input
        id={id}
        className="input"
        type="search"
        inputMode="numeric"
        autoComplete="off"
        placeholder="Any account’s uid"
        value={typed}
        onChange={({ target }) => setTyped(target.value.trim())}
        onKeyDown={({ key }) => key === 'Enter' && onChange(typed)}
      />
    </div>
  );
}
