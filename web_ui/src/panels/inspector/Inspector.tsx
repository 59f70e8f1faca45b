/** Stands in until the panel is written. */
export default function Inspector() {
  return null;
}
