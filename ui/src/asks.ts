// Which of several answers to the same question is the newest. Does not know what is asked.

/** Each call is an ask; what it gives says, once the answer is there, whether none that was asked later has come before. */
export function asks(): () => () => boolean {
  let asked = 0;
  let taken = 0;
  return () => {
    const mine = ++asked;
    return () => {
      if (mine < taken) return false;
      taken = mine;
      return true;
    };
  };
}
