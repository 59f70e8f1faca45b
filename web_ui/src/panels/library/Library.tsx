/** Stands in until the panel is written. */
export default function Library() {
  return null;
}
