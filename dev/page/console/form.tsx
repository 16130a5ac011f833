import { useId, useState } from 'preact/hooks';
import { useLanguage, useText } from '../text';
import type { Field } from './catalogue';

type Values = Record<string, unknown>;

const typeOf = (field: Field): string => {
  if (field.enum?.every((value) => typeof value === 'string')) return 'enum';
  if (field.type === 'integer' || field.type === 'number') return 'number';
  if (field.type === 'boolean') return 'boolean';
  if (field.type === 'array' && field.items?.type === 'string') return 'list';
  if (field.type === 'string') return (field.maxLength ?? 0) > 500 ? 'text' : 'line';
  return 'json';
};

const without = (values: Values, name: string): Values => Object.fromEntries(Object.entries(values).filter(([key]) => key !== name));

const withValue = (values: Values, name: string, value: unknown): Values =>
  value === undefined ? without(values, name) : { ...values, [name]: value };

interface FormProps {
  fields: Record<string, Field>;
  required: readonly string[];
  values: Values;
  onChange: (values: Values) => void;
}

/** A form made of an input's schema. What is left empty is not sent. */
export function Form({ fields, required, values, onChange }: FormProps) {
  const text = useText();
  const names = Object.keys(fields);
  if (names.length === 0) return <p class="soft">{text.console.noFields}</p>;
  return (
    <div class="form">
      {Object.entries(fields).map(([name, field]) => (
        <Row
          key={name}
          name={name}
          field={field}
          required={required.includes(name)}
          value={values[name]}
          onChange={(value) => onChange(withValue(values, name, value))}
        />
      ))}
    </div>
  );
}

interface RowProps {
  name: string;
  field: Field;
  required: boolean;
  value: unknown;
  onChange: (value: unknown) => void;
}

function Row({ name, field, required, value, onChange }: RowProps) {
  const id = useId();
  const isChinese = useLanguage() === 'zh';
  return (
    <div class="form-row">
      <label for={id}>
        <code>{name}</code>
        {required && <b aria-hidden="true"> *</b>}
        {field.description !== undefined && !isChinese && <small>{field.description}</small>}
      </label>
      <Entry id={id} field={field} required={required} value={value} onChange={onChange} />
    </div>
  );
}

type EntryProps = Omit<RowProps, 'name'> & { id: string };

function Entry({ id, field, required, value, onChange }: EntryProps) {
  const text = useText();
  const kind = typeOf(field);
  const orNothing = (entered: string): string | undefined => (entered === '' && !required ? undefined : entered);
  if (kind === 'json') return <JsonEntry id={id} value={value} onChange={onChange} />;
  if (kind === 'enum' || kind === 'boolean') {
    const options = kind === 'enum' ? (field.enum ?? []).map(String) : ['true', 'false'];
    const words: Record<string, string> = kind === 'enum' ? {} : { true: text.console.yes, false: text.console.no };
    const read = (entered: string): unknown => (entered === '' ? undefined : kind === 'boolean' ? entered === 'true' : entered);
    return (
      <select id={id} value={value === undefined ? '' : String(value)} onChange={(event) => onChange(read(event.currentTarget.value))}>
        {!required && <option value="">{text.console.unset}</option>}
        {options.map((option) => (
          <option key={option} value={option}>
            {words[option] ?? option}
          </option>
        ))}
      </select>
    );
  }
  if (kind === 'number') {
    const read = (entered: string): unknown => (entered === '' ? undefined : Number(entered));
    return (
      <input
        id={id}
        type="number"
        step="any"
        value={value === undefined ? '' : Number(value)}
        onInput={(event) => onChange(read(event.currentTarget.value))}
      />
    );
  }
  if (kind === 'list') {
    const read = (entered: string): unknown => {
      const items = entered.split(/[,，]/).map((item) => item.trim());
      return items.some(Boolean) ? items.filter(Boolean) : undefined;
    };
    return (
      <input
        id={id}
        type="text"
        value={Array.isArray(value) ? value.join(', ') : ''}
        onChange={(event) => onChange(read(event.currentTarget.value))}
      />
    );
  }
  if (kind === 'text') {
    return <textarea id={id} rows={3} value={String(value ?? '')} onInput={(event) => onChange(orNothing(event.currentTarget.value))} />;
  }
  return <input id={id} type="text" value={String(value ?? '')} onInput={(event) => onChange(orNothing(event.currentTarget.value))} />;
}

export const pretty = (value: unknown): string => JSON.stringify(value, null, 2) ?? '';

/** Text that is taken over whenever it is JSON, and says so when it is not. */
export function JsonEntry({
  id,
  value,
  onChange,
  rows = 4,
}: {
  id: string;
  value: unknown;
  onChange: (value: unknown) => void;
  rows?: number;
}) {
  const text = useText();
  const [entered, setEntered] = useState(pretty(value));
  const [isBad, setBad] = useState(false);

  function read(next: string): void {
    setEntered(next);
    try {
      onChange(next.trim() === '' ? undefined : JSON.parse(next));
      setBad(false);
    } catch {
      setBad(true);
    }
  }

  return (
    <>
      <textarea
        id={id}
        class="mono"
        rows={rows}
        spellcheck={false}
        aria-invalid={isBad}
        value={entered}
        onInput={(event) => read(event.currentTarget.value)}
      />
      {isBad && <small role="alert">{text.console.badJson}</small>}
    </>
  );
}
