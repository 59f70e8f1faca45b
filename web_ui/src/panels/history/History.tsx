/** Stands in until the panel is written. */
export default function History() {
  return null;
}
