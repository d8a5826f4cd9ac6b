import { useId, useState } from 'react';
import { projectIds } from '../projects.ts';

export interface ProjectPickerProps {
  projectId: string;
  onPick: (projectId: string) => void;
}

const ANOTHER = 'another';

/** Selects one of the configured workspaces, or any other by its number. */
export function ProjectPicker({ projectId, onPick }: ProjectPickerProps) {
  const id = useId();
  const [isTyping, setTyping] = useState(false);
  const offered = projectIds.includes(projectId) ? projectIds : [...projectIds, projectId];
  if (isTyping) {
    return (
      <ProjectNumber
        onEnter={(typed) => {
          setTyping(false);
          onPick(typed);
        }}
        onLeave={() => setTyping(false)}
      />
    );
  }
  return (
    <div className="field">
      <label htmlFor={id}>Workspace</label>
      <select
        id={id}
        className="input"
        value={projectId}
        onChange={({ target }) => (target.value === ANOTHER ? setTyping(true) : onPick(target.value))}
      >
        {offered.map((offeredId) => (
          <option key={offeredId}>{offeredId}</option>
        ))}
        <option value={ANOTHER}>Another…</option>
      </select>
    </div>
  );
}

function ProjectNumber({ onEnter, onLeave }: { onEnter: (typed: string) => void; onLeave: () => void }) {
  const id = useId();
  const [typed, setTyped] = useState('');
  return (
    <form
      className="field"
      onSubmit={(event) => {
        event.preventDefault();
        if (typed !== '') onEnter(typed);
      }}
      onKeyDown={({ key }) => key === 'Escape' && onLeave()}
    >
      <label htmlFor={id}>Workspace number</label>
      <span className="field-row">
        <input
          id={id}
          className="input"
          inputMode="numeric"
          autoComplete="off"
          autoFocus
          value={typed}
          onChange={({ target }) => setTyped(target.value.trim())}
        />
        <button className="button" type="submit">
          Show
        </button>
      </span>
    </form>
  );
}
