interface ChoiceProps<Value extends string | number> {
  /** Of no other choice in the same widget. */
  name: string
  legend: string
  value: Value
  options: readonly { value: Value; label: string }[]
  onChange: (value: Value) => void
}

/** One of a few: native radio buttons in a row, so that arrow keys and screen readers work as everywhere. */
export function Choice<Value extends string | number>({
  name,
  legend,
  value,
  options,
  onChange,
}: ChoiceProps<Value>) {
  return (
    <fieldset className="choice">
      <legend className="section-title">{legend}</legend>
      <div className="choice-row">
        {options.map((option) => (
          <label key={option.value}>
            <input
              type="radio"
              name={name}
              checked={option.value === value}
              onChange={() => onChange(option.value)}
            />
            <span>{option.label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  )
}
