interface Props {
  label: string;
  names: Record<string, string>;
  value: string;
  onPick: (name: string) => void;
  children: (name: string) => preact.ComponentChildren;
}

/** A row of pictures to choose one of, or none. */
export function Picks({ label, names, value, onPick, children }: Props) {
  return (
    <fieldset class="picks">
      <legend class="unseen">{label}</legend>
      {Object.entries(names).map(([name, word]) => (
        <button
          key={name}
          type="button"
          aria-pressed={value === name}
          aria-label={word}
          title={word}
          onClick={() => onPick(value === name ? '' : name)}
        >
          {children(name)}
        </button>
      ))}
    </fieldset>
  );
}
