import { type ReactNode, useId } from 'react';

export interface Option<Value> {
  value: Value;
  label: string;
  icon?: ReactNode;
}

export interface ChoiceProps<Value> {
  legend: string;
  options: readonly Option<Value>[];
  value: Value;
  onChoose: (value: Value) => void;
  /** `joined` looks like one control, for few options; default `chips`. */
  shape?: 'chips' | 'joined';
}

/** A choice of one option. Radio buttons underneath, for arrow keys and screen readers. */
export function Choice<Value extends string | null>({
  legend,
  options,
  value,
  onChoose,
  shape = 'chips',
}: ChoiceProps<Value>) {
  const name = useId();
  return (
    <fieldset className="field choice">
      <legend>{legend}</legend>
      <div className={`choice-options choice-${shape}`}>
        {options.map((option) => (
          <label key={option.value} className="choice-option">
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChoose(option.value)}
            />
            {option.icon}
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}
