/** Stands in until the panel is written. */
export default function Outline() {
  return null;
}
