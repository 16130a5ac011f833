import { useId } from 'preact/hooks';

const namesIn = <T extends string>(options: Readonly<Record<T, string>>): T[] =>
  Object.keys(options).filter((name): name is T => name in options);

/** A small select, labelled for those who cannot see where it stands. */
export function Choice<T extends string>({
  label,
  options,
  value,
  onChange,
  showLabel = false,
}: {
  label: string;
  options: Readonly<Record<T, string>>;
  value: T;
  onChange: (value: T) => void;
  showLabel?: boolean;
}) {
  const id = useId();
  const known = namesIn(options);
  return (
    <span class="choice">
      <label for={id} class={showLabel ? '' : 'unseen'}>
        {label}
      </label>
      <select
        id={id}
        value={value}
        onChange={(event) => {
          const chosen = known.find((key) => key === event.currentTarget.value);
          if (chosen !== undefined) onChange(chosen);
        }}
      >
        {known.map((key) => (
          <option key={key} value={key}>
            {options[key]}
          </option>
        ))}
      </select>
    </span>
  );
}

/** One of a few, all in sight. */
export function Segments<T extends string>({
  label,
  options,
  among = namesIn(options),
  value,
  onChange,
}: {
  label: string;
  options: Readonly<Record<T, string>>;
  /** Default: all of them. */
  among?: readonly T[];
  value: T;
  onChange: (value: T) => void;
}) {
  return (
    <fieldset class="segments">
      <legend class="unseen">{label}</legend>
      {among.map((name) => (
        <button key={name} type="button" aria-pressed={value === name} onClick={() => onChange(name)}>
          {options[name]}
        </button>
      ))}
    </fieldset>
  );
}

export function Switch({ label, on, onChange }: { label: string; on: boolean; onChange: (on: boolean) => void }) {
  return (
    <button type="button" class="switch" role="switch" aria-checked={on} onClick={() => onChange(!on)}>
      <span>{label}</span>
      <i />
    </button>
  );
}
