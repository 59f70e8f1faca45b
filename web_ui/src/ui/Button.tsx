import type { ButtonHTMLAttributes } from 'react';
import css from './Button.module.css';

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: 'danger' | 'plain' | 'primary' | 'quiet';
}

/** A button with words on it. */
export function Button({ look = 'plain', className, type = 'button', ...rest }: Props) {
  return (
    <button type={type} className={`${css.button} ${className ?? ''}`} data-look={look} {...rest} />
  );
}
