// What can be changed in a forward pass.

/** Nothing changed. explorer/interventions.py says what each means, and does the same in Python. */
export const UNTOUCHED = {
  headsOff: [], // [block, head] pairs: what these heads found is left out
  blocksOff: [], // blocks that are passed by
  order: null, // order[i]: which patch of the photo lies in place i
  masked: [], // places painted in the mean colour (after the shuffle)
  removed: [], // places whose tokens are taken away
  cls: true, // false: no CLS token
  position: true, // false: no position embedding
};
