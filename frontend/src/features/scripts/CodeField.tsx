/** Text of a script with line numbers: to be written in, or only read. Tab leaves the field, as everywhere. */
import { Input } from '@mantine/core'
import { useId } from '@mantine/hooks'
import { useMemo, useRef } from 'react'
import classes from './scripts.module.css'

interface CodeFieldProps {
  label: string
  description?: string
  value: string
  onChange: (event: React.ChangeEvent<HTMLTextAreaElement>) => void
  error?: React.ReactNode
}

export function CodeField({ label, description, value, onChange, error }: CodeFieldProps) {
  const id = useId()
  const gutter = useRef<HTMLPreElement>(null)
  const numbers = useNumbers(value)
  const follow = (top: number) => {
    if (gutter.current) gutter.current.scrollTop = top
  }
  return (
    <Input.Wrapper
      id={id}
      className={classes.codeField}
      label={label}
      description={description}
      error={error}
      required
    >
      <div className={classes.code} data-editable data-error={error ? true : undefined}>
        <div className={classes.gutterFrame} aria-hidden="true">
          <div className={classes.gutterWidth}>{lastLine(numbers)}</div>
          <pre className={classes.gutter} ref={gutter}>
            {numbers}
          </pre>
        </div>
        <textarea
          id={id}
          className={classes.text}
          wrap="off"
          spellCheck={false}
          autoCapitalize="none"
          autoComplete="off"
          autoCorrect="off"
          required
          aria-invalid={Boolean(error)}
          aria-describedby={error ? `${id}-error` : `${id}-description`}
          value={value}
          onChange={onChange}
          onScroll={(event) => follow(event.currentTarget.scrollTop)}
        />
      </div>
    </Input.Wrapper>
  )
}

export function CodeView({ label, value }: { label: string; value: string }) {
  return (
    <section className={classes.code} aria-label={label}>
      <pre className={classes.gutter} aria-hidden="true">
        {useNumbers(value)}
      </pre>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable with the keyboard */}
      <pre className={classes.text} tabIndex={0}>
        {value}
      </pre>
    </section>
  )
}

function useNumbers(text: string): string {
  const count = useMemo(() => text.split('\n').length, [text])
  return useMemo(() => Array.from({ length: count }, (_, index) => index + 1).join('\n'), [count])
}

function lastLine(numbers: string): string {
  return numbers.slice(numbers.lastIndexOf('\n') + 1)
}
