// How long the page waits for the kernel, and what it says then.

const SILENT = 15000, AT_WORK = 60000; // ms: until it says that it has the question; and then for the answer

export const NO_ANSWER = {
  ko: "커널이 답하지 않습니다. 다른 셀이 실행 중이면 끝나기를 기다리고, 아니면 이 셀을 다시 실행하세요.",
  en: "The kernel does not answer. If another cell is running, wait for it; if not, run this cell again.",
};

/** Calls late() when the kernel has been silent for too long, unless end() was called. */
export function patience(late) {
  let timer = setTimeout(late, SILENT);
  const end = () => clearTimeout(timer);
  return {
    end,
    heard() {
      end();
      timer = setTimeout(late, AT_WORK);
    },
  };
}
