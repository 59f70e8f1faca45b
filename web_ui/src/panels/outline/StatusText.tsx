/** How a node is, in a word; stands empty until runs are there. */
export function NodeStatusText(_props: { id: string }) {
  return null;
}
