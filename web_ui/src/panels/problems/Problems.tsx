/** Stands in until the panel is written. */
export default function Problems() {
  return null;
}
