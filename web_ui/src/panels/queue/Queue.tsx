/** Stands in until the panel is written. */
export default function Queue() {
  return null;
}
