/**
 * What a field shows while it is worked on. A value goes through the document and the canvas before
 * it comes back, a moment later; meanwhile the field shows its own, so the caret stays where it is.
 */

import { useRef, useState, type ChangeEvent, type CompositionEvent } from 'react';

/** A state that is forgotten as soon as the value changes. */
export function useLocal<T>(value: unknown): [T | null, (local: T | null) => void] {
  const [seen, setSeen] = useState(value);
  const [local, setLocal] = useState<T | null>(null);
  if (seen !== value) {
    setSeen(value);
    setLocal(null);
    return [null, setLocal];
  }
  return [local, setLocal];
}

type Text = HTMLInputElement | HTMLTextAreaElement;

export interface Draft {
  value: string;
  onChange(event: ChangeEvent<Text>): void;
  onCompositionEnd(event: CompositionEvent<Text>): void;
  onBlur(): void;
}

/**
 * A text that is being typed. `commit` takes it, except while an input method composes, and says as
 * what text it will come back, or null if it cannot be taken; what cannot stays to be mended.
 */
export function useDraft(
  value: string,
  commit: (text: string) => string | null,
  onDone: () => void,
): Draft & { reset(): void } {
  const [seen, setSeen] = useState(value);
  const [draft, setDraft] = useState<string | null>(null);
  const [refused, setRefused] = useState(false);
  /** What was committed and has not come back yet. */
  const [sent, setSent] = useState<readonly string[]>([]);
  const composing = useRef(false);
  if (seen !== value) {
    setSeen(value);
    const place = sent.lastIndexOf(value);
    if (place < 0) setDraft(null);
    setSent(sent.slice(place + 1));
  }
  const take = (text: string): void => {
    const back = commit(text);
    setRefused(back === null);
    if (back !== null) setSent((before) => [...before, back]);
  };
  return {
    value: draft ?? value,
    onChange(event) {
      const text = event.target.value;
      setDraft(text);
      composing.current = (event.nativeEvent as InputEvent).isComposing;
      if (!composing.current) take(text);
    },
    onCompositionEnd(event) {
      if (!composing.current) return;
      composing.current = false;
      take(event.currentTarget.value);
    },
    onBlur() {
      setSent([]);
      if (!refused) setDraft(null);
      onDone();
    },
    reset() {
      setDraft(null);
      setRefused(false);
      setSent([]);
    },
  };
}
