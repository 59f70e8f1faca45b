import { ChevronDown } from 'lucide-react';
import type { SelectHTMLAttributes } from 'react';
import css from './Select.module.css';

/** A menu of a few words in panels and dialogs; `className` sets its place and its width. */
export function Select({ className, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return (
    <span className={`${css.select} ${className ?? ''}`}>
      <select {...rest} />
      <ChevronDown size={14} aria-hidden />
    </span>
  );
}
