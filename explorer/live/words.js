// Every text of the page, in Korean and English.

export const WORDS = {
  title: { ko: "손안의 DINO", en: "DINO in your hand" },
  otherLanguage: { ko: "English", en: "한국어" },
  theme: { ko: "밝게 · 어둡게", en: "Light or dark" },
  picture: { ko: "사진과 맵", en: "Picture and map" },
  controls: { ko: "맵 고르기", en: "Choose a map" },
  pictureName: {
    ko: "사진 위에 겹친 맵. 패치를 고를 수 있습니다.", en: "The map over the picture. Patches can be chosen." },
  help: {
    ko: "화살표 키로 패치를 고르고, 스페이스나 엔터로 도구를 쓰고, Esc로 놓습니다.",
    en: "Arrow keys choose a patch, space or enter use the tool, Esc lets go." },
  low: { ko: "낮음", en: "low" },
  high: { ko: "높음", en: "high" },
  preparing: { ko: "신경망을 준비하고 있습니다…", en: "Getting the network ready…" },

  camera: { ko: "카메라", en: "Camera" },
  cameraOff: { ko: "카메라 끄기", en: "Stop camera" },
  flip: { ko: "앞뒤", en: "Flip" },
  freeze: { ko: "멈춤", en: "Freeze" },
  photo: { ko: "내 사진", en: "My photo" },
  save: { ko: "저장", en: "Save" },

  kind: { ko: "맵", en: "Map" },
  cls: { ko: "CLS 어텐션", en: "CLS attention" },
  query: { ko: "패치 어텐션", en: "Patch attention" },
  similarity: { ko: "유사도", en: "Similarity" },
  norm: { ko: "토큰 노름", en: "Token norm" },
  rollout: { ko: "롤아웃", en: "Rollout" },
  block: { ko: "블록", en: "Block" },
  head: { ko: "헤드", en: "Head" },
  mean: { ko: "평균", en: "mean" },
  alpha: { ko: "맵의 진하기", en: "Strength of the map" },
  colours: { ko: "색", en: "Colours" },
  row: { ko: "행", en: "row" },
  column: { ko: "열", en: "column" },
  rate: { ko: "초당 #장", en: "# maps a second" },
  engine: { ko: "계산: #, 한 장에 # ms.", en: "Computed with #, # ms a picture." },

  whatIf: { ko: "만약에? 망가뜨려 보기", en: "What if? Break it" },
  whatIfHint: {
    ko: "하나를 끄거나 가리면 먼저 예상을 묻습니다. 고르면 결과가 나옵니다.",
    en: "Switch something off or hide it: you are asked for a guess first, then you see." },
  guess: { ko: "예상: CLS 토큰이 얼마나 달라질까요?", en: "Guess: how much will the CLS token change?" },
  guessMap: { ko: "예상: 맵이 얼마나 다를까요?", en: "Guess: how different is its map?" },
  little: { ko: "거의 그대로", en: "hardly" },
  some: { ko: "꽤", en: "somewhat" },
  much: { ko: "아주 많이", en: "very much" },
  cosine: { ko: "원래 CLS 토큰과의 코사인", en: "cosine of the CLS token to the untouched one" },
  alike: { ko: "학습하지 않은 신경망의 맵과의 상관", en: "correlation with the untrained network's map" },
  untouched: { ko: "바꾼 것 없음", en: "nothing changed" },
  noClsNumber: { ko: "CLS 토큰이 없어 코사인도 없습니다", en: "no CLS token, so no cosine" },
  right: { ko: "예상이 맞았습니다", en: "your guess was right" },
  wrong: { ko: "예상과 다릅니다", en: "not as you guessed" },
  pointing: {
    ko: "맵이 가장 높은 패치: # (물체는 사진의 #%이므로, 아무 데나 찍으면 #%가 맞습니다)",
    en: "The map's highest patch is # (the object covers # % of the photo, so a random patch is right # % of the time)" },
  hit: { ko: "물체 위", en: "on the object" },
  miss: { ko: "물체 밖", en: "not on the object" },
  parts: { ko: "블록과 헤드 끄기", en: "Switch blocks and heads off" },
  tool: { ko: "사진을 만지면", en: "Touching the picture" },
  choose: { ko: "패치 고르기", en: "chooses a patch" },
  remove: { ko: "토큰 없애기", en: "removes a token" },
  paint: { ko: "칠해서 가리기", en: "paints it over" },
  shuffle: { ko: "자리 섞기", en: "Shuffle places" },
  noCls: { ko: "CLS 빼기", en: "No CLS" },
  noPosition: { ko: "위치 임베딩 빼기", en: "No position embedding" },
  untrained: { ko: "학습하지 않은 신경망을 옆에", en: "Untrained network beside it" },
  untrainedName: { ko: "학습하지 않은 신경망(무작위 가중치)", en: "untrained network (random weights)" },
  undo: { ko: "모두 되돌리기", en: "Undo all" },

  gone: { ko: "이 패치의 토큰은 없앴습니다. 다른 패치를 고르세요.", en: "This patch's token is removed. Choose another." },
  noCls_map: { ko: "CLS 토큰이 없어 이 맵도 없습니다.", en: "Without a CLS token there is no such map." },
  blockOff: { ko: "꺼진 블록에는 어텐션이 없습니다.", en: "A block that is off has no attention." },

  cameraInsecure: {
    ko: "이 주소에서는 브라우저가 카메라를 내주지 않습니다(https, localhost, 내려받은 파일에서만 됩니다). 사진으로는 똑같이 할 수 있습니다.",
    en: "At this address the browser gives no camera (only on https, localhost or from a downloaded file). Photos work just as well." },
  cameraRefused: {
    ko: "카메라 사용이 거절되었습니다. 주소창의 자물쇠에서 허용하거나, 사진으로 해 보세요.",
    en: "The camera was refused. Allow it at the lock in the address bar, or use photos." },
  cameraNone: { ko: "카메라를 찾지 못했습니다. 사진으로 해 보세요.", en: "No camera was found. Use photos." },
  cameraBusy: {
    ko: "카메라를 켜지 못했습니다. 다른 프로그램이 쓰고 있을 수 있습니다. 사진으로 해 보세요.",
    en: "The camera could not be started. Another program may be using it. Use photos." },
  cameraFrame: {
    ko: "이 화면(노트북을 그리는 프로그램)이 카메라를 내주지 않습니다. 웹 브라우저로 연 JupyterLab에서 해 보거나, 사진으로 해 보세요.",
    en: "The program that draws this notebook gives cells no camera. Try JupyterLab in a web browser, or use photos." },
  cameraGone: { ko: "카메라가 꺼졌습니다.", en: "The camera has stopped." },
  notPhoto: {
    ko: "이 브라우저가 읽지 못하는 사진입니다. JPEG나 PNG로 저장해 주세요.",
    en: "This browser cannot read that photo. Save it as JPEG or PNG." },
  long: {
    ko: "사진의 긴 변이 짧은 변의 3.5배를 넘어 가운데만 썼습니다.",
    en: "This photo's long side is more than 3.5 times its short side, so only the centre was used." },

  limits: {
    ko: "맵은 신경망이 계산한 값이지 설명이나 증거가 아닙니다.",
    en: "A map shows what the network computed; it is no explanation and no proof." },
  privacy: {
    ko: "모든 계산은 이 기기에서 합니다. 이 페이지는 어디에도 연결하지 않으므로 사진과 카메라 화면이 밖으로 나가지 않습니다.",
    en: "Everything is computed on this device. This page connects to nothing, so no photo and no camera picture leaves it." },
};

let chosen = (navigator.language ?? "ko").toLowerCase().startsWith("ko") ? "ko" : "en";

export const language = () => chosen;

export function setLanguage(name) {
  chosen = name;
}

/** A text by its name, or a pair {ko, en} itself, in the language that is chosen ("ko", "en" or "both"). */
export function say(word) {
  const pair = typeof word === "string" ? WORDS[word] : word;
  return pair[chosen] ?? (pair.ko === pair.en ? pair.ko : `${pair.ko} ${pair.en}`);
}
