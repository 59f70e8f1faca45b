/** Times as a user reads them. */

import { language } from '@/i18n';

/** Seconds since 1970 as a day and a time; the day is left out if it is today. */
export const showTime = (seconds: number): string => {
  const date = new Date(seconds * 1000);
  const today = date.toDateString() === new Date().toDateString();
  return date.toLocaleString(language(), {
    ...(today ? {} : { year: 'numeric', month: 'short', day: 'numeric' }),
    hour: '2-digit',
    minute: '2-digit',
  });
};
