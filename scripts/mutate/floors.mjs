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

/**
 * One sentence for each mutant of equivalent.mjs that is none of its file any more.
 * @param mutantsIn the mutants of a file of src, as `{ code, becomes }`; undefined where there is no such file
 */
export const equivalentProblems = (equivalent, mutantsIn) =>
  equivalent
    .filter(({ file, code, becomes }) => !mutantsIn(file)?.some((mutant) => mutant.code === code && mutant.becomes === becomes))
    .map(({ file, code }) => `scripts/mutate/equivalent.mjs: src/${file} has no mutant of ${code}; remove the entry, or name its new file`);
