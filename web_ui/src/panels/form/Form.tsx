/** Stands in until the panel is written. */
export default function Form() {
  return null;
}
