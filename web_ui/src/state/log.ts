/**
 * What goes wrong in the page, in the console: under a code that stays, with the kind of the exception
 * and where it came from. Its message is left out, for it may quote what was worked with: a parser
 * quotes the text that it could not read, which may be a prompt, or a file.
 */

/** Where it was noticed. These are looked for in reports: none is ever renamed. */
export type LogCode =
  'client.thrown' | 'client.rejected' | 'client.render' | 'client.render.node' | 'client.recovered';

const FRAMES = 12;

/** A place in the code, as the browsers write it; the address of the page and what was asked of it go. */
const FRAME =
  /^\s*(?:at )?(.*?)[@ ]?\(?(?:[a-z]+:\/\/[^/\s]*)?(\/[^?#\s()]*)[^:\s]*:(\d+):(\d+)\)?$/;

/** The kind of an exception: a name like that of a class, or what type the value has. */
const kindOf = (thrown: unknown): string => {
  if (!(thrown instanceof Error)) return typeof thrown;
  return /^[A-Z][A-Za-z]{0,40}$/.test(thrown.name) ? thrown.name : 'Error';
};

/** Where an exception came from, without its message, which stands before that in some browsers. */
const framesOf = (thrown: unknown): string[] => {
  if (!(thrown instanceof Error) || !thrown.stack) return [];
  const said = thrown.stack.indexOf(thrown.message);
  const stack = said < 0 ? thrown.stack : thrown.stack.slice(said + thrown.message.length);
  return stack
    .split('\n')
    .map((line) => FRAME.exec(line))
    .filter((found) => found !== null)
    .slice(0, FRAMES)
    .map(([, name, path, line, column]) => `${name?.trim() || '?'} ${path}:${line}:${column}`);
};

/** Note an exception. */
export function logException(code: LogCode, thrown: unknown): void {
  console.error([`${code} ${kindOf(thrown)}`, ...framesOf(thrown)].join('\n  '));
}

/** For React, which would write messages of its own. */
export const REACT_LOGS = {
  // What a boundary takes it says itself, under its own code.
  onCaughtError: () => {},
  onUncaughtError: (thrown: unknown) => logException('client.render', thrown),
  onRecoverableError: (thrown: unknown) => logException('client.recovered', thrown),
};

/** Listen for what nothing catches. The browser's own line, which has the message, is not written. */
export function startLog(target: Window = window): void {
  target.addEventListener('error', (event) => {
    if (!(event instanceof ErrorEvent)) return; // a picture that did not load
    logException('client.thrown', event.error);
    event.preventDefault();
  });
  target.addEventListener('unhandledrejection', (event) => {
    logException('client.rejected', event.reason);
    event.preventDefault();
  });
}
