/** Stands in until the panel is written. */
export default function Gallery() {
  return null;
}
