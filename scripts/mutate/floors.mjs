/** One sentence for each room of src without a floor in floors.json, and for each floor without a room. */
export function floorProblems(floors, rooms) {
  return [
    ...rooms
      .filter((room) => !(room in floors))
      .map((room) => `scripts/mutate/floors.json has no floor for src/${room}; measure one with: npm run mutate -- ${room}`),
    ...Object.keys(floors)
      .filter((room) => !rooms.includes(room))
      .map((room) => `scripts/mutate/floors.json names src/${room}, which does not exist; remove it`),
  ];
}
