/** The names with one moved by so many places. */
export const moved = (names: readonly string[], place: number, by: number): string[] =>
  names.toSpliced(place, 1).toSpliced(place + by, 0, names[place]!);
